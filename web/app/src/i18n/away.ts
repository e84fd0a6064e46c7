import { define } from "./index";

/** When no answer comes at all. */
export const away = define(
  { title: "连接不上服务器", hint: "没有收到服务器的答复。你填写的内容还在本页，请稍后重试。" },
  { title: "The server can't be reached", hint: "No answer came from the server. What you entered is still on this page; try again in a moment." },
);
