import { define } from "./index";

export const data = define(
  {
    entities: {
      person: "客户", account: "企业客户", order: "订单", order_line: "订单明细", event: "行为事件", interaction: "互动（工单、活动）", answer: "问卷答案",
      text: "文本（评价、留言）", consent: "授权同意", reference: "参照表（不含客户）",
    },
    types: {
      text: "文本", integer: "整数", number: "数字", money: "金额", date: "日期", datetime: "日期时间", boolean: "是/否", list: "列表", phone: "手机/电话",
      email: "邮箱", gender: "性别", education: "学历", marital_status: "婚姻状况", name: "姓名", address: "地址", id_number: "身份证号",
    },
    lights: { good: "良好", look: "需关注", bad: "异常", none: "未测量" },
    states: { built: "已载入", new: "待构建", gone: "已从定义中移除" },
    origins: { database: "数据库" },
    sources: {
      title: "数据源", about: (day: string) => `数据截止 ${day}`, import: "导入文件", count: "数据源", loaded: "载入行数", repaired: "修复的值", setAside: "搁置的行",
      ofRows: (n: string) => `共读取 ${n} 行`, ofLoaded: "载入时修复，原值可查", setAsideNote: "未载入，原因可查", name: "名称", kind: "每行是", rows: "载入", repairs: "修复", aside: "搁置",
      last: "最新数据", days: (n: number) => (n === 0 ? "今天" : `${n} 天前`), light: "质量", keys: "身份键", drift: (n: number) => `${n} 处列变化`, state: "状态", find: "按名称、负责人查找",
      allKinds: "全部类型", empty: "还没有数据源", emptyHint: "上传一个 CSV 或 Excel 文件，向导会识别编码、列类型与问题。", noMatch: "没有符合条件的数据源", owner: "负责人", purpose: "用途", basis: "合法性基础", file: "文件", definition: "定义位置",
      loadedAt: "载入时间", span: "数据时间", trust: "可信度", columns: "字段", column: "字段", from: "文件中的列", type: "类型", complete: "完整", examples: "示例（已脱敏）", key: "键",
      hidden: { free_text: "自由文本，不展示", masked: "对你的角色不展示" }, noExamples: "你的角色不能查看示例", unmapped: "文件中未映射的列", findings: "发现的问题", changes: "列的变化",
      change: { added: "新增", removed: "消失", type: "类型变化", renamed: "改名" }, replace: "用新文件替换", toQuality: "查看质量", thresholds: "质量阈值", noThresholds: "未声明，使用默认阈值", rejected: "搁置的行",
    },
    legal: {
      consent: "个人同意", contract: "履行合同", legal_obligation: "法定义务", vital_interest: "重大利益", public_interest: "公共利益", legitimate_interest: "正当利益", research: "学术研究",
    },
    quality: {
      title: "质量", about: (day: string) => `数据截止 ${day} · 每一行都有去向`, rowsIn: "读取", loaded: "载入", setAside: "搁置", leftOut: "按规则排除", addsUp: "对账平衡：读取 = 载入 + 搁置 + 排除", notAddsUp: "对账不平，请检查",
      matrix: "质量矩阵", matrixBase: "有底色的单元格超出了界限，停留可见原因；点击数据源查看明细", source: "数据源", complete: "完整", valid: "有效行", unique: "唯一", age: "最新数据距统计日", drift: "分布漂移", agree: "跨源一致", light: "结论",
      days: (n: string) => `${n} 天`, findings: "发现与建议", none: "没有发现问题", all: "全部数据源", history: "历次构建", historyBase: (n: number) => `最近 ${n} 次构建`, oneBuild: "只有一次构建，下次构建后可看到趋势。",
      rowsLine: "行数", completeLine: "平均完整度", validLine: "有效行占比", reasons: "搁置原因", leftOutReasons: "排除原因", repairs: "修复", showRows: "查看行号", rejectedOf: (name: string) => `${name}：搁置的行`, repairsOf: (name: string) => `${name}：改变了含义的修复`,
      file: "文件", row: "行号", column: "列", reason: "原因", kind: "修复方式", raw: "原文", showRaw: "显示原文（将记入审计日志）", values: (n: string) => `${n} 个值`, rows: (n: string) => `${n} 行`, total: (n: string) => `共 ${n} 条`, columns: "逐列", missing: "缺失",
      clean: "没有搁置的行", keptRaw: "只列出改变了含义的修复；去空格、统一写法等不丢信息的修复只计数。", bound: (now: string, bound: string) => `当前 ${now}，阈值 ${bound}`, audit: "按现行规则重新判定", auditDone: (n: number) => `重新判定完成，越过阈值 ${n} 处`, back: "返回矩阵",
    },
    runs: {
      title: "构建", about: "从数据文件到画像的完整计算；期间继续使用上一版", start: "启动构建", startAsOf: "统计日（留空为项目默认）", full: "从头读取全部数据（较慢）", fullHint: "忘记上次的分群标签与标签版本，重新读取所有文件和数据库", go: "启动",
      running: "正在构建", cancel: "取消构建", cancelAsk: "取消这次构建？", cancelHint: "已发布的版本不受影响，未完成的结果会被丢弃。", cancelling: "正在取消…", keep: "继续构建",
      stages: { collect: "收集", clean: "清洗", unify: "打通", profile: "画像属性", tag: "标签", segment: "分群", persona: "典型画像", publish: "发布" },
      states: { running: "进行中", done: "完成", failed: "失败", cancelled: "已取消", crashed: "中断", unreadable: "无法读取" }, waiting: "等待", since: (s: string) => `已用 ${s}`, within: (done: number, total: number, note: string) => `${done}/${total}${note ? ` · ${note}` : ""}`,
      history: "构建历史", started: "开始", took: "用时", asOf: "统计日", result: "结果", version: "版本", by: (who: string) => `由 ${who} 取消`, rows: (n: string) => `${n} 行`, empty: "还没有构建", emptyHint: "启动第一次构建，完成后即可查看客户、标签与画像。",
      schedule: "每日排期", on: "按时自动构建", at: "时间", weekdays: "星期", days: ["一", "二", "三", "四", "五", "六", "日"].join(""), next: (when: string) => `下一次：${when}`, off: "未开启自动构建", zone: (name: string) => `时区 ${name}`,
      missed: (n: number) => `最近有 ${n} 次到点时没有服务在运行，已错过`, saved: "排期已保存", pickDay: "请至少选一天", changedBy: (who: string, when: string) => `${who} 修改于 ${when}`, due: "到点记录", dueStates: { taken: "启动中", started: "已启动", busy: "已有构建在运行", failed: "未能启动", missed: "错过" }, done: "构建完成", connection: "与服务器的连接中断，正在重连…",
    },
  },
  {
    entities: {
      person: "Customers", account: "Companies", order: "Orders", order_line: "Order lines", event: "Events", interaction: "Interactions (tickets, campaigns)", answer: "Survey answers",
      text: "Texts (reviews, messages)", consent: "Consents", reference: "Reference table (no customers)",
    },
    types: {
      text: "Text", integer: "Whole number", number: "Number", money: "Amount", date: "Date", datetime: "Date and time", boolean: "Yes/no", list: "List", phone: "Phone",
      email: "E-mail", gender: "Gender", education: "Education", marital_status: "Marital status", name: "Name", address: "Address", id_number: "ID number",
    },
    lights: { good: "Good", look: "Needs a look", bad: "Bad", none: "Not measured" },
    states: { built: "Loaded", new: "Not built yet", gone: "No longer defined" },
    origins: { database: "Database" },
    sources: {
      title: "Sources", about: (day: string) => `Data as of ${day}`, import: "Import a file", count: "Sources", loaded: "Rows loaded", repaired: "Values repaired", setAside: "Rows set aside",
      ofRows: (n: string) => `of ${n} rows read`, ofLoaded: "While loading; what stood there is kept", setAsideNote: "Not loaded, each with its reason", name: "Name", kind: "A row is", rows: "Loaded", repairs: "Repaired", aside: "Set aside",
      last: "Newest row", days: (n: number) => (n === 0 ? "today" : n === 1 ? "1 day ago" : `${n} days ago`), light: "Quality", keys: "Identity keys", drift: (n: number) => (n === 1 ? "1 column changed" : `${n} columns changed`), state: "State", find: "Find by name or owner",
      allKinds: "All kinds", empty: "There are no sources yet", emptyHint: "Upload a CSV or Excel file: the wizard finds its encoding, types and problems.", noMatch: "No source matches", owner: "Owner", purpose: "Purpose", basis: "Legal basis", file: "Files", definition: "Defined in",
      loadedAt: "Loaded at", span: "Data from–to", trust: "Trust", columns: "Fields", column: "Field", from: "Column of the file", type: "Type", complete: "Complete", examples: "Examples (masked)", key: "key",
      hidden: { free_text: "Free text, not shown", masked: "Not shown to your role" }, noExamples: "Your role sees no examples", unmapped: "Columns of the file that nothing reads", findings: "Findings", changes: "Changed columns",
      change: { added: "new", removed: "gone", type: "type changed", renamed: "renamed" }, replace: "Replace by a new file", toQuality: "See quality", thresholds: "Quality thresholds", noThresholds: "None declared; the defaults hold", rejected: "Rows set aside",
    },
    legal: {
      consent: "Consent", contract: "Contract", legal_obligation: "Legal obligation", vital_interest: "Vital interest", public_interest: "Public interest", legitimate_interest: "Legitimate interest", research: "Research",
    },
    quality: {
      title: "Quality", about: (day: string) => `Data as of ${day} · every row is accounted for`, rowsIn: "Read", loaded: "Loaded", setAside: "Set aside", leftOut: "Left out by rule", addsUp: "Adds up: read = loaded + set aside + left out", notAddsUp: "Does not add up: please check",
      matrix: "Quality matrix", matrixBase: "A tinted cell is beyond its bound, and says why when you point at it; click a source for its details", source: "Source", complete: "Complete", valid: "Valid rows", unique: "Unique", age: "Newest row before the as-of day", drift: "Drift", agree: "Agreement", light: "Verdict",
      days: (n: string) => `${n} d`, findings: "Findings and advice", none: "Nothing was found", all: "All sources", history: "Build by build", historyBase: (n: number) => `The last ${n} builds`, oneBuild: "There is one build; the next one makes a trend.",
      rowsLine: "Rows", completeLine: "Mean completeness", validLine: "Share of valid rows", reasons: "Why rows were set aside", leftOutReasons: "Why rows were left out", repairs: "Repairs", showRows: "Show rows", rejectedOf: (name: string) => `${name}: rows set aside`, repairsOf: (name: string) => `${name}: repairs that changed a meaning`,
      file: "File", row: "Row", column: "Column", reason: "Reason", kind: "Repair", raw: "Text", showRaw: "Show the text (is noted in the audit log)", values: (n: string) => `${n} values`, rows: (n: string) => `${n} rows`, total: (n: string) => `${n} in all`, columns: "By column", missing: "Missing",
      clean: "No rows set aside", keptRaw: "Listed are repairs that changed a meaning; those that lose nothing (spaces, spelling) are only counted.", bound: (now: string, bound: string) => `now ${now}, threshold ${bound}`, audit: "Judge anew by today's rules", auditDone: (n: number) => `Judged anew: ${n} thresholds crossed`, back: "Back to the matrix",
    },
    runs: {
      title: "Builds", about: "From the data files to personas; meanwhile the last version is served", start: "Start a build", startAsOf: "As-of day (empty: the project's)", full: "Read everything anew (slower)", fullHint: "Forget the last cluster labels and tag versions, read all files and databases again", go: "Start",
      running: "Building", cancel: "Cancel the build", cancelAsk: "Cancel this build?", cancelHint: "What is published stays; what is unfinished is dropped.", cancelling: "Cancelling…", keep: "Go on building",
      stages: { collect: "Collect", clean: "Clean", unify: "Unify", profile: "Attributes", tag: "Tags", segment: "Segments", persona: "Personas", publish: "Publish" },
      states: { running: "Running", done: "Done", failed: "Failed", cancelled: "Cancelled", crashed: "Broke off", unreadable: "Unreadable" }, waiting: "Waiting", since: (s: string) => `${s} so far`, within: (done: number, total: number, note: string) => `${done} of ${total}${note ? ` · ${note}` : ""}`,
      history: "History", started: "Started", took: "Took", asOf: "As of", result: "Result", version: "Version", by: (who: string) => `cancelled by ${who}`, rows: (n: string) => `${n} rows`, empty: "There are no builds yet", emptyHint: "Start the first one; customers, tags and personas come with it.",
      schedule: "Daily schedule", on: "Build by itself", at: "Time", weekdays: "Weekdays", days: "MTWTFSS", next: (when: string) => `Next: ${when}`, off: "No build starts by itself", zone: (name: string) => `time zone ${name}`,
      missed: (n: number) => (n === 1 ? "One due time was missed lately: no server was running" : `${n} due times were missed lately: no server was running`), saved: "Schedule saved", pickDay: "Choose at least one day", changedBy: (who: string, when: string) => `changed by ${who}, ${when}`, due: "Due times", dueStates: { taken: "starting", started: "started", busy: "a build was running", failed: "could not begin", missed: "missed" }, done: "The build is done", connection: "The connection broke off; trying again…",
    },
  },
);
