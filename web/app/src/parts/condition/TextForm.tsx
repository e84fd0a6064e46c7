// The condition as text, beside the form: both are the same condition, and each follows the other.
import { memo, useMemo, useRef, useState } from "react";
import { Button, Input, Tag, type GetRef } from "antd";
import type { Problem } from "../../api/client";
import { useTexts } from "../../i18n";
import { condition } from "../../i18n/condition";
import { useKnown, useTitle } from "./fields";

const WORD = /[\p{L}\p{N}_]+$/u;
const MOST = 8;

export const TextForm = memo(function TextForm({ text, onChange, problem }: { text: string; onChange: (text: string) => void; problem: Problem | null }) {
  const t = useTexts(condition);
  const known = useKnown();
  const title = useTitle();
  const place = useRef<GetRef<typeof Input.TextArea>>(null);
  const [caret, setCaret] = useState(0);
  const words = useMemo(
    () => [
      ...known.fields.map((f) => ({ word: f.name, about: title(f), tail: "" })),
      ...known.functions.map((f) => ({ word: f.name, about: f.signature, tail: "(" })),
      ...known.sources.map((s) => ({ word: s.name, about: title(s), tail: "" })),
      ...known.audiences.map((a) => ({ word: a.name, about: title(a), tail: "" })),
    ],
    [known],
  );
  const part = WORD.exec(text.slice(0, caret))?.[0].toLowerCase() ?? "";
  const found = part.length < 1 ? [] : words.filter((w) => w.word.toLowerCase() !== part && (w.word.toLowerCase().includes(part) || w.about.toLowerCase().includes(part)))
    .sort((a, b) => Number(b.word.toLowerCase().startsWith(part)) - Number(a.word.toLowerCase().startsWith(part))).slice(0, MOST);
  const take = (word: string) => {
    const head = text.slice(0, caret - part.length) + word;
    onChange(head + text.slice(caret));
    setCaret(head.length);
    requestAnimationFrame(() => {
      place.current?.resizableTextArea?.textArea.focus();
      place.current?.resizableTextArea?.textArea.setSelectionRange(head.length, head.length);
    });
  };
  const at = problem?.place;
  const line = at ? (text.split("\n")[at.line - 1] ?? "") : "";
  const length = at?.span ? Math.max(1, at.span[1] - at.span[0]) : 1;
  return (
    <div className="text-form">
      <Input.TextArea
        ref={place} aria-label={t.text} className="mono growing" rows={5} value={text} spellCheck={false} status={problem ? "error" : undefined}
        onChange={(e) => { onChange(e.target.value); setCaret(e.target.selectionStart); }}
        onSelect={(e) => setCaret((e.target as HTMLTextAreaElement).selectionStart)}
      />
      {found.length > 0 && (
        <div className="row suggestions" role="group" aria-label={t.suggestions}>
          {found.map((one) => <Button key={one.word} size="small" onClick={() => take(one.word + one.tail)} title={one.about}><span className="mono">{one.word}</span>&nbsp;<span className="quiet ellipsis">{one.about}</span></Button>)}
        </div>
      )}
      {problem && (
        <div role="alert" className="text-fault">
          {at && <Tag color="error" variant="filled">{t.textAt(at.line, at.column)}</Tag>}{problem.message}
          {at && <pre className="mono" aria-hidden>{line.slice(0, at.column - 1)}<mark>{line.slice(at.column - 1, at.column - 1 + length) || " "}</mark>{line.slice(at.column - 1 + length)}</pre>}
        </div>
      )}
    </div>
  );
});
