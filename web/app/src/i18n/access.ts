import { define } from "./index";

export const access = define(
  {
    login: "登录", name: "用户名", password: "密码", enter: "登录", other: (title: string) => `用 ${title} 登录`, product: "画像 · 客户画像系统",
    setup: "设置管理员", setupHint: "这是第一次使用。请填入启动服务时终端显示的设置码，并设定第一位管理员。", code: "设置码", display: "显示名称",
    passwordRule: "至少 10 个字符，不能是用户名或常见密码", create: "创建并登录", needed: "请填写", again: "再输入一次密码", differ: "两次输入的密码不同",
    account: "账号", old: "当前密码", fresh: "新密码", change: "修改密码", changed: "密码已修改", role: "角色", mustChange: "请先修改密码",
  },
  {
    login: "Log in", name: "User name", password: "Password", enter: "Log in", other: (title: string) => `Log in with ${title}`, product: "Huaxiang · customer personas",
    setup: "First administrator", setupHint: "This is the first use. Enter the set-up code that the terminal showed when the server started, and choose the first administrator.", code: "Set-up code", display: "Display name",
    passwordRule: "At least 10 characters; not the user name, not a common password", create: "Create and log in", needed: "Please fill in", again: "Password again", differ: "The passwords differ",
    account: "Account", old: "Present password", fresh: "New password", change: "Change password", changed: "Password changed", role: "Role", mustChange: "Change your password first",
  },
);
