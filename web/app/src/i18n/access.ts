import { define } from "./index";

export const access = define(
  {
    login: "登录", name: "用户名", password: "密码", enter: "登录", product: "画像 · 客户画像系统",
    setup: "设置管理员", setupHint: "这是第一次使用。请填入启动服务时终端显示的设置码，并设定第一位管理员。", code: "设置码", display: "显示名称",
    passwordRule: "至少 10 个字符，不能是用户名或常见密码", create: "创建并登录", needed: "请填写", again: "再输入一次密码", differ: "两次输入的密码不同",
    account: "账号", old: "当前密码", fresh: "新密码", change: "修改密码", changed: "密码已修改", role: "角色", mustChange: "请先修改密码",
    refused: {
      state: "此次登录不是在本浏览器中发起的，或已经完成、已经过期；请重新登录", declined: "统一登录服务拒绝了登录，或登录在那里被取消", token: "统一登录服务返回的身份令牌未通过校验；请联系管理员",
      unknown: "此账号尚未在本系统中开通；请联系管理员添加", "no-role": "此账号所在的组没有本系统的角色；请联系管理员", disabled: "该用户已停用", name: "统一登录服务没有给出可用作登录名的名称；请联系管理员",
      "name-taken": "该登录名已属于另一位用户；请联系管理员处理", email: "此账号没有经过验证且属于允许域名的邮箱", "set-up": "尚未完成初始设置：请先用 huaxiang serve 显示的链接创建管理员",
      "last-admin": "这是最后一位管理员，而所在的组对应其他角色；请先设置另一位管理员", provider: "统一登录服务暂时不可用；请稍后再试，或使用密码登录", rate: "登录尝试过多；请稍候再试",
    } as Record<string, string> & Record<"token", string>,
  },
  {
    login: "Log in", name: "User name", password: "Password", enter: "Log in", product: "Huaxiang · customer personas",
    setup: "First administrator", setupHint: "This is the first use. Enter the set-up code that the terminal showed when the server started, and choose the first administrator.", code: "Set-up code", display: "Display name",
    passwordRule: "At least 10 characters; not the user name, not a common password", create: "Create and log in", needed: "Please fill in", again: "Password again", differ: "The passwords differ",
    account: "Account", old: "Present password", fresh: "New password", change: "Change password", changed: "Password changed", role: "Role", mustChange: "Change your password first",
    refused: {
      state: "This login was not begun in this browser, was finished already, or took too long; begin again", declined: "The login provider refused the login, or it was broken off there", token: "What the login provider signed did not pass the checks; tell an administrator",
      unknown: "Nobody here has this account; an administrator has to add it first", "no-role": "The groups of this account give it no role here; ask an administrator", disabled: "This user is disabled", name: "The login provider tells no name that could be a login name here; tell an administrator",
      "name-taken": "Another user has this login name already; an administrator has to decide who it is", email: "This account has no verified e-mail address in an allowed domain", "set-up": "There is no user yet: the first administrator is made by the link that huaxiang serve prints",
      "last-admin": "This is the last administrator, and the groups say another role; make another administrator first", provider: "The login provider can't be used now; try again later, or log in with a password", rate: "Too many logins were begun; wait, then try again",
    },
  },
);
