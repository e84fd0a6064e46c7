import { define } from "./index";

export const people = define(
  {
    title: "成员与权限", about: "谁能登录、以什么角色、程序用哪些令牌访问", users: "成员", tokens: "API 令牌", rights: "权限表", add: "添加成员", addToken: "新建令牌",
    name: "用户名", display: "显示名称", role: "角色", state: "状态", created: "创建时间", way: "登录方式", ways: { password: "密码", oidc: "单点登录" } as Record<string, string> & Record<"password", string>, wayHint: "单点登录：身份提供方中首个使用此用户名的账号即为此人，不设密码", password: "初始密码", passwordHint: "至少 10 个字符；首次登录时必须修改", generate: "随机生成", needed: "请填写",
    roles: { admin: "管理员", analyst: "分析师", marketer: "运营", service: "程序", auditor: "审计员" },
    states: { active: "正常", disabled: "已停用", "must change": "待改密码", valid: "有效", expired: "已过期", revoked: "已吊销" } as Record<string, string> & Record<"active", string>,
    disable: "停用", enable: "启用", disableAsk: (name: string) => `停用 ${name}？其所有登录会立即失效。`, reset: "重置密码", resetTitle: (name: string) => `重置 ${name} 的密码`, resetDone: "密码已重置，请把新密码转告本人", changed: "已修改", added: (name: string) => `已添加 ${name}`, roleAsk: (name: string, role: string) => `把 ${name} 的角色改为“${role}”？其登录会立即失效。`, ok: "确定", you: "你",
    tokenName: "用途名称", expires: "到期", days: "有效天数（留空为长期）", never: "长期", revoke: "吊销", revokeAsk: (name: string) => `吊销令牌 ${name}？使用它的程序会立即失去访问。`, tokenOnce: "令牌只显示这一次，请立即复制保存", copy: "复制", copied: "已复制", noTokens: "还没有令牌", noTokensHint: "程序访问 API 时需要令牌。",
    right: "权限", rightNames: {
      read: "查看统计数据", customers: "查看单个客户（脱敏）", identifiers: "查看身份标识与打通依据", export: "导出人群", define: "保存人群与名单", define_tags: "编辑标签与画像", define_sources: "编辑数据源", approve: "审批上线", sql: "SQL 人群",
      decide: "判定是否同一人", build: "启动构建", audit: "执行质量审计", unmask: "查看未脱敏信息", raw: "查看源数据原文", people: "管理成员与令牌", audit_log: "查看审计日志",
    } as Record<string, string> & Record<"read", string>,
    audit: {
      title: "审计日志", about: "谁在什么时候看了什么、改了什么；每条记录与前一条相扣", verify: "校验完整性", whole: (n: string) => `日志完整：${n} 条记录逐条校验通过`, broken: (n: number) => `日志不完整：发现 ${n} 处问题`, fault: { changed: "内容被改动", missing: "记录缺失", truncated: "末尾被截断", replaced: "整体被替换" } as Record<string, string> & Record<"changed", string>, head: "链头（可抄存备查）", anchors: (n: string) => `锚点 ${n} 个`,
      at: "时间", who: "谁", role: "角色", action: "动作", object: "对象", detail: "详情", snapshot: "版本", number: "编号", since: "从", until: "到", anyone: "任何人", anyAction: "任何动作", objectFind: "对象包含", empty: "没有符合条件的记录", reason: "理由", clear: "清除条件",
    },
    menu: "更多操作",
    account: { sessions: "修改密码后，其他设备上的登录会失效" },
  },
  {
    title: "People and rights", about: "Who may log in, in which role, and which tokens programs use", users: "People", tokens: "API tokens", rights: "Rights", add: "Add a person", addToken: "New token",
    name: "User name", display: "Display name", role: "Role", state: "State", created: "Created", way: "Login", ways: { password: "password", oidc: "single sign-on" }, wayHint: "Single sign-on: the first account of this name at the provider is theirs, and they have no password", password: "First password", passwordHint: "At least 10 characters; it has to be changed at the first login", generate: "Make one", needed: "Please fill in",
    roles: { admin: "Administrator", analyst: "Analyst", marketer: "Marketer", service: "Program", auditor: "Auditor" },
    states: { active: "active", disabled: "disabled", "must change": "password to be changed", valid: "in force", expired: "expired", revoked: "revoked" },
    disable: "Disable", enable: "Enable", disableAsk: (name: string) => `Disable ${name}? All their sessions end at once.`, reset: "Reset password", resetTitle: (name: string) => `Reset the password of ${name}`, resetDone: "The password is reset; tell it to its owner", changed: "Changed", added: (name: string) => `${name} was added`, roleAsk: (name: string, role: string) => `Make ${name} a ${role.toLowerCase()}? Their sessions end at once.`, ok: "OK", you: "you",
    tokenName: "What it is for", expires: "Expires", days: "Days it holds (empty: until revoked)", never: "never", revoke: "Revoke", revokeAsk: (name: string) => `Revoke token ${name}? Programs that use it lose access at once.`, tokenOnce: "The token is shown this once: copy it now", copy: "Copy", copied: "Copied", noTokens: "There are no tokens", noTokensHint: "Programs need one to use the API.",
    right: "Right", rightNames: {
      read: "Figures of all customers", customers: "One customer, masked", identifiers: "Identity keys and evidence", export: "Export audiences", define: "Save audiences and lists", define_tags: "Edit tags and personas", define_sources: "Edit sources", approve: "Put online", sql: "SQL audiences",
      decide: "Decide who is who", build: "Start builds", audit: "Judge quality anew", unmask: "Personal values in full", raw: "Texts of source rows", people: "Manage people and tokens", audit_log: "See the audit log",
    },
    audit: {
      title: "Audit log", about: "Who saw and changed what, and when; every entry is chained to the one before", verify: "Verify", whole: (n: string) => `The log is whole: ${n} entries verified one by one`, broken: (n: number) => (n === 1 ? "The log is not whole: 1 fault" : `The log is not whole: ${n} faults`), fault: { changed: "changed", missing: "missing", truncated: "cut off at its end", replaced: "replaced as a whole" }, head: "Head of the chain (write it down elsewhere)", anchors: (n: string) => `${n} anchors`,
      at: "Time", who: "Who", role: "Role", action: "Action", object: "Object", detail: "Detail", snapshot: "Version", number: "Number", since: "From", until: "To", anyone: "Anybody", anyAction: "Any action", objectFind: "Object holds", empty: "No entry matches", reason: "Reason", clear: "Clear",
    },
    menu: "More actions",
    account: { sessions: "Changing it ends your sessions on other devices" },
  },
);
