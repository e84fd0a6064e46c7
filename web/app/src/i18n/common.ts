import { define } from "./index";

export const common = define(
  {
    product: "画像",
    nav: {
      overview: "总览", customers: "客户", tags: "标签", audiences: "人群", personas: "画像", analysis: "分析",
      funnel: "漏斗", retention: "留存", path: "路径", distribution: "分布", cross: "交叉", network: "关联网络",
      data: "数据", sources: "数据源", wizard: "导入向导", quality: "质量", runs: "构建", people: "成员与权限", audit: "审计日志",
    },
    menu: "菜单", tour: "新手引导", skip: "跳到正文", language: "语言", theme: "外观", light: "浅色", dark: "深色", system: "跟随系统",
    logout: "退出登录", account: "账号", asOf: (day: string) => `统计截止 ${day}`, customers: (n: string) => `${n} 位客户`,
    save: "保存", cancel: "取消", remove: "删除", edit: "编辑", undo: "撤销", search: "搜索", more: "加载更多", close: "关闭",
    retry: "重试", copyLink: "复制链接", copied: "已复制", loading: "加载中…", none: "无", all: "全部", yes: "是", no: "否",
    failed: "出错了", base: (n: string) => `基数 ${n}`, notFound: "没有这个页面", notFoundHint: "链接可能已失效，请从左侧菜单进入。",
    home: "回到总览", broken: "页面出现意外错误", brokenHint: "请刷新页面；如果仍然出现，请把下面的信息告诉管理员。",
    noSnapshot: "还没有数据", noSnapshotHint: "先导入数据文件，再运行一次构建；也可以在项目目录中执行 huaxiang build。",
    noSnapshotWait: "请分析师或管理员导入数据并运行一次构建，完成后这里就有内容。", importFile: "导入文件", startBuild: "去构建",
    forbidden: "你的角色无权查看这里", login: "登录", conflict: "内容已被他人修改", notBuilt: "本页尚未完成",
    notBuiltHint: (command: string) => `可以先在命令行使用：${command}`,
  },
  {
    product: "Huaxiang",
    nav: {
      overview: "Overview", customers: "Customers", tags: "Tags", audiences: "Audiences", personas: "Personas", analysis: "Analysis",
      funnel: "Funnel", retention: "Retention", path: "Paths", distribution: "Distribution", cross: "Cross table", network: "Associations",
      data: "Data", sources: "Sources", wizard: "Import wizard", quality: "Quality", runs: "Builds", people: "People and rights", audit: "Audit log",
    },
    menu: "Menu", tour: "Guided tour", skip: "Skip to content", language: "Language", theme: "Appearance", light: "Light", dark: "Dark", system: "As the system",
    logout: "Log out", account: "Account", asOf: (day: string) => `as of ${day}`, customers: (n: string) => `${n} customers`,
    save: "Save", cancel: "Cancel", remove: "Remove", edit: "Edit", undo: "Undo", search: "Search", more: "Load more", close: "Close",
    retry: "Try again", copyLink: "Copy link", copied: "Copied", loading: "Loading…", none: "none", all: "All", yes: "Yes", no: "No",
    failed: "Something went wrong", base: (n: string) => `base ${n}`, notFound: "There is no such page", notFoundHint: "The link may be out of date; use the menu.",
    home: "Go to the overview", broken: "This page failed unexpectedly", brokenHint: "Reload the page; if it happens again, tell your administrator what stands below.",
    noSnapshot: "There is no data yet", noSnapshotHint: "Import a data file first, then run a build; `huaxiang build` in the project folder does it too.",
    noSnapshotWait: "Ask an analyst or administrator to import data and run a build; then this page fills.", importFile: "Import a file", startBuild: "Go to builds",
    forbidden: "Your role may not see this", login: "Log in", conflict: "Somebody else changed this", notBuilt: "This page is not there yet",
    notBuiltHint: (command: string) => `Until then use the command line: ${command}`,
  },
);
