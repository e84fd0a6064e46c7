import { define } from "./index";

export const personas = define(
  {
    title: "典型画像", about: (day: string) => `统计截止 ${day} · 每句话都有数据依据`, empty: "还没有典型画像", emptyHint: "在项目的 personas/ 中声明画像集，构建后即可看到卡片。在此之前，可以先从人群看客户的特征。", emptyLead: "查看人群", report: "完整报告",
    size: (n: string) => `${n} 人`, share: (p: string, base: string) => `占 ${base} 人的 ${p}`, worth: (title: string) => `人均${title}`, index: (n: string) => `指数 ${n}`, edited: "人工措辞", editedParts: (n: number) => `${n} 处人工措辞`,
    compare: "对比", comparePick: (n: number) => `已选 ${n}/2 张`, compareHint: "再选一张进行对比", clear: "清空", choose: "选择对比", noCards: "这个画像集没有卡片",
    back: "全部画像", edit: "编辑措辞", print: "打印 / PDF", png: "导出图片", audience: "圈选这群人", versions: "各版本", history: "措辞历史", evidence: "依据", why: "查看依据",
    base: (n: string, day: string) => `大盘 ${n} 人 · 统计截止 ${day}`, tests: (n: string, alpha: string) => `共检验 ${n} 次，错误发现率 ≤ ${alpha}`,
    median: (v: string) => `中位数 ${v}`, ofTotal: (v: string) => `合计占大盘 ${v}`, mean: "人均", versus: "与大盘相比", fell: "下列人工措辞因数据变化已不再使用", fellWhy: { gone: "卡片不再有这一条", direction: "数据方向已反转", changed: "原文的说法已改变" },
    original: "系统原文", by: (who: string, when: string) => `${who} 修改于 ${when}`, defines: "这是分群依据，差异由定义产生，不能算作发现。", advice: "建议，需测试验证，不是测得的效果。", because: "依据以下事实", unknown: "未知",
    figures: {
      share: "这群人中", base: "大盘中", mean: "这群人平均", meanBase: "大盘平均", median: "中位数", tgi: "TGI（大盘 = 100）", index: "指数（大盘 = 100）", interval: "95% 区间", n: "有效样本", nBase: "大盘有效样本", missing: "缺失（这群人 / 大盘）", q: "校正后的 q 值", count: "人数",
    },
    same: "与大盘持平", print1: (tgi: string, low: string, high: string, n: string, missing: string) => `TGI/指数 ${tgi}（95% 区间 ${low}–${high}）· 有效 ${n} 人 · 缺失 ${missing}`,
    notStated: "未陈述", notStatedHint: "卡片没有陈述这一条（差异不显著或不够突出），数字由人群实时计算", noFigure: "无法计算", trait: "特征", onlyDifferent: "只看差异明显的", swap: "交换左右", pickLeft: "左侧画像", pickRight: "右侧画像",
    compareTitle: "画像对比", compareAbout: (n: number) => `${n} 个特征；两张卡片中至少一张陈述`, sizeRow: "人数", worthRow: "价值",
    version: (as: string) => `统计截止 ${as}`, added: "新增", gone: "消失", oneVersion: "只有一个版本，下次构建后可对比变化。", statements: (n: number) => `${n} 条陈述`,
    editTitle: "编辑措辞", editHint: "只改说法，不改数字：花括号中的占位符由数据填入，必须保留，也不能写入新的数字。", part: { title: "标题", summary: "摘要" }, zh: "中文", en: "英文", restore: "恢复原文", lost: (marks: string) => `缺少 ${marks}`, extra: (marks: string) => `多出 ${marks}`, digits: "不能写入新的数字", saved: "措辞已保存", changes: (n: number) => `${n} 处修改`, insert: "可用占位符", none: "还没有人工措辞",
  },
  {
    title: "Personas", about: (day: string) => `as of ${day} · every sentence rests on data`, empty: "There are no personas yet", emptyHint: "Declare a persona set in personas/; its cards come with the next build. Until then, audiences show what customers have in common.", emptyLead: "Go to audiences", report: "The report",
    size: (n: string) => `${n} customers`, share: (p: string, base: string) => `${p} of ${base}`, worth: (title: string) => `Mean ${title.toLowerCase()}`, index: (n: string) => `index ${n}`, edited: "worded by hand", editedParts: (n: number) => (n === 1 ? "1 part worded by hand" : `${n} parts worded by hand`),
    compare: "Compare", comparePick: (n: number) => `${n} of 2 chosen`, compareHint: "Choose one more to compare", clear: "Clear", choose: "Choose to compare", noCards: "This set has no cards",
    back: "All personas", edit: "Edit the wording", print: "Print / PDF", png: "Save as picture", audience: "Make an audience", versions: "Versions", history: "History of the wording", evidence: "Evidence", why: "See the evidence",
    base: (n: string, day: string) => `base ${n} customers · as of ${day}`, tests: (n: string, alpha: string) => `${n} comparisons, false-discovery rate ≤ ${alpha}`,
    median: (v: string) => `median ${v}`, ofTotal: (v: string) => `${v} of the total`, mean: "Mean", versus: "Compared with the base", fell: "These wordings are no longer used, since the data changed", fellWhy: { gone: "the card no longer says this", direction: "the figure turned around", changed: "the original is put in another way" },
    original: "Original", by: (who: string, when: string) => `by ${who}, ${when}`, defines: "This defines the segment: the difference is by construction, not a finding.", advice: "Advice to be tested, not a measured effect.", because: "It rests on", unknown: "Unknown",
    figures: {
      share: "In this group", base: "In the base", mean: "Mean of this group", meanBase: "Mean of the base", median: "Median", tgi: "TGI (base = 100)", index: "Index (base = 100)", interval: "95% interval", n: "Customers with a value", nBase: "Base with a value", missing: "Missing (group / base)", q: "Adjusted q value", count: "Customers",
    },
    same: "as the base", print1: (tgi: string, low: string, high: string, n: string, missing: string) => `TGI/index ${tgi} (95% interval ${low}–${high}) · ${n} with a value · ${missing} missing`,
    notStated: "not stated", notStatedHint: "The card does not state this (not significant, or not among the strongest); the figure is computed from its customers", noFigure: "no figure", trait: "Trait", onlyDifferent: "Clear differences only", swap: "Swap sides", pickLeft: "Left persona", pickRight: "Right persona",
    compareTitle: "Personas compared", compareAbout: (n: number) => `${n} traits that at least one of the cards states`, sizeRow: "Customers", worthRow: "Worth",
    version: (as: string) => `as of ${as}`, added: "new", gone: "gone", oneVersion: "There is one version; the next build makes a comparison.", statements: (n: number) => `${n} statements`,
    editTitle: "Edit the wording", editHint: "Change how it is said, not the figures: placeholders in braces are filled in by the data and must stay; no digits may be added.", part: { title: "Title", summary: "Summary" }, zh: "Chinese", en: "English", restore: "Original again", lost: (marks: string) => `lacks ${marks}`, extra: (marks: string) => `too many ${marks}`, digits: "No new digits", saved: "Wording saved", changes: (n: number) => (n === 1 ? "1 change" : `${n} changes`), insert: "Placeholders", none: "Nothing was worded by hand yet",
  },
);
