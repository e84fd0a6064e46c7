import { define } from "./index";

export const condition = define(
  {
    and: "且", or: "或", not: "排除", notHint: "取满足本组条件以外的客户", add: "其他条件", addGroup: "条件组", empty: "还没有条件：现在选中的是全部客户。从下面的按钮开始添加。",
    field: "属性与标签", behaviour: "行为", sequence: "先后顺序", audience: "人群", list: "名单", sample: "随机抽样", top: "排名", sql: "表达式",
    pickField: "选择属性或标签", pickSource: "选择行为", pickOp: "选择关系", pickAudience: "选择人群", pickList: "选择名单", pickValue: "填写取值", value: "取值", from: "下限", to: "上限",
    fieldGroups: { attribute: "属性", tag: "标签", clustering: "聚类" },
    days: "天", first: (n: string) => `常见 ${n}`, range: (low: string, high: string) => `多在 ${low} – ${high}`, noLists: "没有名单", people: "人", yes: "是", no: "否",
    measures: {
      did: "做过", did_not: "没做过", count: "次数", days: "天数", distinct: "不同取值数", sum: "合计", mean: "平均", min: "最小", max: "最大", first: "最早一条的", last: "最近一条的",
    },
    of: "哪个字段", spans: { ever: "不限时间", days: "最近", dates: "日期区间" }, since: "从", until: "到", where: "筛选记录", addWhere: "筛选", removeWhere: "去掉这个筛选", kept: "记录需满足",
    step: (n: number) => `第 ${n} 步`, addStep: "添加一步", removeStep: "去掉这一步", within: "全程不超过", without: "期间没有", addWithout: "期间没有…", share: "占全部客户的", seed: "种子（可不填）",
    most: "最高的", least: "最低的", ranked: "按", among: "先满足", amongHint: "只在满足该表达式的客户中排名，可不填", sqlHint: "任意表达式，例如 spend / order_count > 200",
    menu: "更多操作", up: "上移", down: "下移", into: "移入相邻的组", out: "移出本组", copy: "复制", wrap: "放进新的组", remove: "删除", drag: "拖动以移动", undo: "撤销", redo: "重做", clear: "清空",
    negated: "非", group: "条件组", row: "条件", joined: "组内关系", text: "文本形式", textHint: "与左侧是同一组条件，可直接修改；输入字段名会给出提示。", textAt: (line: number, column: number) => `第 ${line} 行第 ${column} 列`, copyText: "复制文本", suggestions: "字段提示",
    open: (n: number) => `${n} 个条件还没填完，暂未计入`, dropHere: "放到这里",
    op: {
      "=": "等于", "!=": "不等于", "<": "小于", "<=": "不大于", ">": "大于", ">=": "不小于", between: "在区间内", not_between: "不在区间内", in: "属于", not_in: "不属于", contains: "包含", not_contains: "不包含",
      starts_with: "开头是", ends_with: "结尾是", like: "匹配通配符", ilike: "匹配通配符（不分大小写）", matches: "匹配正则", is_null: "为空", is_not_null: "不为空", has_any: "含其一", has_all: "全部含有", has_none: "都不含",
      not_starts_with: "开头不是", not_ends_with: "结尾不是", not_like: "不匹配通配符", not_ilike: "不匹配通配符（不分大小写）", not_matches: "不匹配正则",
      last: "最近 N 天内", before: "早于 N 天前", next: "N 天内（含未来）",
    },
    dateOp: { "=": "是", "!=": "不是", "<": "早于", "<=": "不晚于", ">": "晚于", ">=": "不早于" },
  },
  {
    and: "and", or: "or", not: "Exclude", notHint: "Takes the customers who do not meet this group", add: "Other", addGroup: "Group", empty: "No conditions yet: this is everyone. Begin with the buttons below.",
    field: "Attributes and tags", behaviour: "Behaviour", sequence: "Sequence", audience: "Audience", list: "List", sample: "Random sample", top: "Ranking", sql: "Expression",
    pickField: "Choose an attribute or tag", pickSource: "Choose a behaviour", pickOp: "Choose how", pickAudience: "Choose an audience", pickList: "Choose a list", pickValue: "Enter values", value: "Value", from: "from", to: "to",
    fieldGroups: { attribute: "Attributes", tag: "Tags", clustering: "Clusterings" },
    days: "days", first: (n: string) => `often ${n}`, range: (low: string, high: string) => `mostly ${low} – ${high}`, noLists: "No lists", people: "", yes: "yes", no: "no",
    measures: {
      did: "did", did_not: "did not", count: "times", days: "days with", distinct: "different values of", sum: "sum of", mean: "mean of", min: "smallest", max: "largest", first: "earliest", last: "latest",
    },
    of: "Which field", spans: { ever: "at any time", days: "in the last", dates: "between days" }, since: "from", until: "to", where: "Which rows", addWhere: "Filter", removeWhere: "Remove this filter", kept: "Rows must meet",
    step: (n: number) => `Step ${n}`, addStep: "Add step", removeStep: "Remove this step", within: "all within", without: "without", addWithout: "Without …", share: "of all customers", seed: "seed (optional)",
    most: "highest", least: "lowest", ranked: "by", among: "among", amongHint: "Ranks only customers who meet this expression; optional", sqlHint: "Any expression, such as spend / order_count > 200",
    menu: "More", up: "Move up", down: "Move down", into: "Move into the group beside it", out: "Move out of its group", copy: "Duplicate", wrap: "Put into a new group", remove: "Remove", drag: "Drag to move", undo: "Undo", redo: "Redo", clear: "Clear",
    negated: "not", group: "Group", row: "Condition", joined: "How the group is joined", text: "As text", textHint: "The same condition as on the left; edit it here if you like. Field names are suggested as you type.", textAt: (line: number, column: number) => `line ${line}, column ${column}`, copyText: "Copy text", suggestions: "Fields",
    open: (n: number) => `${n} not filled in yet, not counted`, dropHere: "Drop here",
    op: {
      "=": "is", "!=": "is not", "<": "less than", "<=": "at most", ">": "more than", ">=": "at least", between: "between", not_between: "not between", in: "is one of", not_in: "is none of", contains: "contains", not_contains: "does not contain",
      starts_with: "starts with", ends_with: "ends with", like: "like", ilike: "like (any case)", matches: "matches regex", is_null: "is empty", is_not_null: "is not empty", has_any: "has any of", has_all: "has all of", has_none: "has none of",
      not_starts_with: "does not start with", not_ends_with: "does not end with", not_like: "not like", not_ilike: "not like (any case)", not_matches: "does not match regex",
      last: "in the last N days", before: "more than N days ago", next: "within N days (future too)",
    },
    dateOp: { "=": "is on", "!=": "is not on", "<": "before", "<=": "on or before", ">": "after", ">=": "on or after" },
  },
);
