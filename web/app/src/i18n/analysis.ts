import { define } from "./index";

export const analysis = define(
  {
    run: "开始分析", audience: "分析对象", everyone: "全部客户", audienceHint: "选择人群，或直接写条件", baseOf: (n: string, day: string) => `${n} 位客户 · 截止 ${day}`,
    source: "行为", where: "附加条件", whereHint: "对该行为字段的条件，例如 amount > 100", addWhere: "条件", by: "按标签拆分", none: "不拆分", window: "窗口期", days: "天", from: "从", to: "到", tag: "标签", search: "搜索",
    add: "添加", removeOne: "移除", up: "上移", down: "下移", what: "定义", count: "客户数", share: "占比", noEvents: "没有带时间的行为数据", noEventsHint: "为订单或行为数据源指定时间字段后，就可以分析客户的行为顺序。", toSources: "去数据源",
    choose: "请选择", nobody: "没有客户符合", nobodyHint: "放宽条件、延长窗口期，或换一个分析对象。", makeAudience: "用作人群", unknown: "无值", yes: "是", no: "否", few: "样本少", fewHint: "期望客户数少于 5，结论不稳", table: "明细",
    funnel: {
      title: "漏斗分析", about: "客户按顺序完成各步骤的比例。每位客户只计一次，取走得最远的一次。", step: (n: number) => `第 ${n} 步`, conversion: "总转化率", ofPrevious: "较上一步", lost: "流失", median: "中位间隔", hours: (n: string) => `${n} 小时`, daysLong: (n: string) => `${n} 天`,
      open: (n: string) => `${n} 位客户窗口期未结束，仍可能完成`, since: "首步日期", groups: (tag: string) => `按${tag}拆分`, value: "取值", final: "总转化率", begin: "进入第 1 步", label: (n: string, share: string) => `漏斗：${n} 位客户进入，${share} 完成`, addStep: "添加步骤", label2: (begin: string, end: string) => `${begin} 位客户进入，${end} 位完成`, windowHint: "从第 1 步起的天数",
    },
    retention: {
      title: "留存分析", about: "按首次行为所在的周期把客户分成批次，看之后各周期还有多少人回来。", first: "首次行为", again: "回访行为", unit: "周期", units: { day: "日", week: "周", month: "月" }, periods: "观察期数", cohorts: "批次数", kind: "口径", kinds: { bounded: "当期留存", unbounded: "滚动留存" },
      bounded: "第 k 期有回访", unbounded: "第 k 期或之后有回访", cohort: "批次", size: "人数", period: (n: number, unit: string) => `第 ${n} ${unit}`, mean: "合计", curve: "留存曲线", partial: "周期未结束", meanHint: "只合计该期已结束的批次", label: (k: string, share: string) => `留存曲线，${k} 为 ${share}`, tableTitle: "批次留存",
    },
    path: {
      title: "路径分析", about: "客户在某个行为之后（或之前）做了什么。每位客户一条路径。", anchor: "起止行为", direction: "方向", directions: { after: "之后", before: "之前" }, depth: "步数", top: "每步显示", events: "路径上的行为", by: "区分字段", byHint: "用字段的取值区分行为，如事件名",
      end: "未再发生", other: "其他", showEnd: "显示“未再发生”", journeys: (n: string) => `${n} 条路径`, step: (n: number) => `第 ${n} 步`, frequent: "最常见的路径", path: "路径", label: (n: string) => `路径图，共 ${n} 位客户`, flow: "路径图", nothing: "（窗口期内无其他行为）", before: (n: number) => `前第 ${n} 步`,
    },
    distribution: {
      title: "分布分析", about: "一个标签或行为指标在人群中的分布，与对比基准并列。", of: "分析什么", kinds: { tag: "标签", measure: "行为指标" }, function: "指标", functions: { count: "次数", days: "天数", distinct: "去重数", sum: "求和", mean: "平均", min: "最小", max: "最大" }, field: "字段", last: "最近", ever: "不限", base: "对比基准", bins: "分箱数",
      mine: "分析对象", theirs: "对比基准", known: "有值", missing: "无值", mean: "均值", p25: "25 分位", p50: "中位数", p75: "75 分位", p5: "5 分位", p95: "95 分位", min: "最小", max: "最大", distance: "最大累计差", distanceHint: "两条累计分布曲线的最大差距（K–S 距离），0 表示相同", figure: "统计量", range: "区间", chart: "分布对比", label: (name: string) => `${name}的分布`, tgi: "TGI", outer: "首尾两箱包含两端各 1% 的值",
    },
    cross: {
      title: "交叉分析", about: "任意两个标签的交叉表：人数、占比、TGI 与独立性检验。", rows: "行标签", columns: "列标签", show: "显示", measures: { count: "人数", row: "行占比", column: "列占比", tgi: "TGI" }, limit: "最多取值", total: "合计", swap: "交换行列", known: (n: string, missing: string) => `${n} 位客户两个标签都有值，${missing} 位缺少其一`, left: (n: string) => `另有 ${n} 位的取值未列出`,
      test: "独立性检验", v: "Cramér's V", chi: "χ²", p: "p 值", strength: { none: "几乎无关联", weak: "弱关联", middle: "中等关联", strong: "强关联" }, noTest: "列表标签的取值可以重叠，不做检验", bad: (share: string) => `${share} 的格子期望人数不足 5，p 值不可靠`, tgiHint: "TGI = 该行中列取值的占比 ÷ 总体占比 × 100，大于 100 表示更集中",
    },
    network: {
      title: "关联网络", about: "哪些标签取值常出现在同一批客户身上。连线都通过显著性检验（Benjamini–Hochberg 校正）。", tags: "标签", auto: "自动选择覆盖最广的标签", edges: "最多连线", both: "包含互斥关系", tested: (n: string, found: string) => `检验 ${n} 对，${found} 对显著（q < 0.05）`, pair: "取值对", lift: "提升度", phi: "相关系数 φ", q: "q 值", together: "共有客户", label: (n: number, m: number) => `关联网络：${n} 个取值，${m} 条连线`,
      none: "没有显著的关联", noneHint: "换一组标签或更大的分析对象再试。", graph: "网络图", more: "更常同时出现", less: "更少同时出现", list: "最强的关联",
    },
  },
  {
    run: "Analyse", audience: "Customers", everyone: "All customers", audienceHint: "Choose an audience, or write a condition", baseOf: (n: string, day: string) => `${n} customers · as of ${day}`,
    source: "Event", where: "Condition", whereHint: "over the fields of the event, such as amount > 100", addWhere: "Condition", by: "Divide by", none: "not divided", window: "Window", days: "days", from: "from", to: "to", tag: "Tag", search: "Search",
    add: "Add", removeOne: "Remove", up: "Move up", down: "Move down", what: "Definition", count: "Customers", share: "Share", noEvents: "Nothing that customers did has a time", noEventsHint: "Name the field that dates the rows of an order or event source: what customers did one after the other can be analysed then.", toSources: "To the sources",
    choose: "Choose", nobody: "No customer fits", nobodyHint: "Loosen the conditions, lengthen the window, or choose other customers.", makeAudience: "Make an audience", unknown: "none", yes: "yes", no: "no", few: "few", fewHint: "Fewer than 5 customers are expected: not reliable", table: "Details",
    funnel: {
      title: "Funnel", about: "How many customers go through steps in order. Each counts once, by the try that leads furthest.", step: (n: number) => `Step ${n}`, conversion: "Conversion", ofPrevious: "of step before", lost: "lost", median: "median time", hours: (n: string) => `${n} h`, daysLong: (n: string) => `${n} d`,
      open: (n: string) => `${n} customers are still within their window and may yet finish`, since: "First step on", groups: (tag: string) => `By ${tag}`, value: "Value", final: "Conversion", begin: "Began", label: (n: string, share: string) => `Funnel: ${n} customers began, ${share} finished`, addStep: "Add a step", label2: (begin: string, end: string) => `${begin} customers began, ${end} finished`, windowHint: "days from the first step",
    },
    retention: {
      title: "Retention", about: "Customers in cohorts by the period of their first event, and how many come back in later ones.", first: "First event", again: "Return", unit: "Period", units: { day: "day", week: "week", month: "month" }, periods: "Periods followed", cohorts: "Cohorts", kind: "Counted", kinds: { bounded: "in the period", unbounded: "in it or later" },
      bounded: "back in period k", unbounded: "back in period k or later", cohort: "Cohort", size: "Customers", period: (n: number, unit: string) => `${unit} ${n}`, mean: "Together", curve: "Retention curve", partial: "period is not over", meanHint: "Only cohorts whose period is over", label: (k: string, share: string) => `Retention curve, ${k}: ${share}`, tableTitle: "Retention by cohort",
    },
    path: {
      title: "Paths", about: "What customers did after an event, or before it. One path for each customer.", anchor: "Start or end", direction: "Direction", directions: { after: "after", before: "before" }, depth: "Steps", top: "Shown a step", events: "Events on the path", by: "Told apart by", byHint: "a field whose values tell events apart, such as the event's name",
      end: "nothing more", other: "others", showEnd: "Show “nothing more”", journeys: (n: string) => `${n} paths`, step: (n: number) => `Step ${n}`, frequent: "Most frequent paths", path: "Path", label: (n: string) => `Path diagram of ${n} customers`, flow: "Path diagram", nothing: "(nothing else within the window)", before: (n: number) => `${n} before`,
    },
    distribution: {
      title: "Distribution", about: "How a tag, or a measure of what customers did, spreads over an audience, beside a base.", of: "Of what", kinds: { tag: "Tag", measure: "Measure" }, function: "Measure", functions: { count: "times", days: "days", distinct: "distinct", sum: "sum", mean: "mean", min: "smallest", max: "largest" }, field: "Field", last: "Last", ever: "ever", base: "Base", bins: "Bins",
      mine: "Customers", theirs: "Base", known: "Known", missing: "Missing", mean: "Mean", p25: "25th percentile", p50: "Median", p75: "75th percentile", p5: "5th percentile", p95: "95th percentile", min: "Smallest", max: "Largest", distance: "Largest gap", distanceHint: "The largest gap between the two cumulative shares (Kolmogorov–Smirnov); 0: the same", figure: "Figure", range: "Range", chart: "Distribution", label: (name: string) => `Distribution of ${name}`, tgi: "TGI", outer: "the outer bins hold the 1% tails",
    },
    cross: {
      title: "Cross table", about: "Any tag by any tag: customers, shares, TGI, and a test of independence.", rows: "Rows", columns: "Columns", show: "Show", measures: { count: "Customers", row: "Share of row", column: "Share of column", tgi: "TGI" }, limit: "Values at most", total: "Total", swap: "Swap", known: (n: string, missing: string) => `${n} customers have both tags, ${missing} lack one`, left: (n: string) => `${n} more have values that are not shown`,
      test: "Test of independence", v: "Cramér's V", chi: "χ²", p: "p-value", strength: { none: "hardly related", weak: "weakly related", middle: "related", strong: "strongly related" }, noTest: "The values of list tags overlap: there is no test", bad: (share: string) => `${share} of the cells expect fewer than 5 customers: the p-value is not reliable`, tgiHint: "TGI = share of the column in the row ÷ its share of all × 100; above 100: more often",
    },
    network: {
      title: "Associations", about: "Which values of tags the same customers have. Every edge is significant after Benjamini–Hochberg.", tags: "Tags", auto: "the tags with the widest coverage", edges: "Edges at most", both: "What avoids each other too", tested: (n: string, found: string) => `${n} pairs tested, ${found} significant (q < 0.05)`, pair: "Pair of values", lift: "Lift", phi: "Correlation φ", q: "q-value", together: "Customers with both", label: (n: number, m: number) => `Association network: ${n} values, ${m} edges`,
      none: "No significant association", noneHint: "Try other tags or more customers.", graph: "Network", more: "more often together", less: "less often together", list: "Strongest associations",
    },
  },
);
