// Split and merge, each with what would change before it is decided; it takes effect at the next build and can be undone.
import { useState } from "react";
import { App, Button, Input, List, Modal, Typography } from "antd";
import { useNavigate } from "react-router";
import { useAsk, useWrite } from "../../api/hooks";
import { useTexts } from "../../i18n";
import { common } from "../../i18n/common";
import { customer } from "../../i18n/customer";
import { useFormats } from "../../i18n/format";
import type { Explained, Found, Hit, IdentityRecord } from "./types";

interface Props {
  readonly kind: "split" | "merge"; readonly found: Explained; readonly id: string; readonly name: string; readonly selected: ReadonlySet<string>; readonly other: string | null;
  readonly nameOf: (source: string) => string; readonly onClose: (done: boolean) => void;
}

export function Decide({ kind, found, id, name, selected, other, nameOf, onClose }: Props) {
  const t = useTexts(customer).identity;
  const c = useTexts(common);
  const { message } = App.useApp();
  const go = useNavigate(); // messages stand outside the router: no Link there
  const [why, setWhy] = useState("");
  const [needed, setNeeded] = useState(false);
  const [chosen, setChosen] = useState<string | null>(other);
  const write = useWrite<{ number: number }, { path: string; body?: unknown }>("POST", ["/identity"]);
  const undo = useWrite<{ number: number }, { path: string; body?: unknown }>("POST", ["/identity"]);
  const send = () => {
    if (!why.trim()) return setNeeded(true);
    const asked = kind === "split" ? { path: "/identity/split", body: { customer_id: id, records: [...selected], why: why.trim() } } : { path: "/identity/merge", body: { customers: [id, chosen], why: why.trim() } };
    write.mutate(asked, {
      onSuccess: ({ number }) => {
        const key = `decided-${number}`;
        const back = () => undo.mutate({ path: `/identity/decisions/${number}/undo`, body: { why: t.undoWhy } }, { onSuccess: () => { message.destroy(key); void message.success(t.undone); } });
        void message.success({ key, duration: 10, content: <span>{t.decided(String(number))} <Button size="small" type="link" onClick={back}>{t.undo}</Button> <Button size="small" type="link" onClick={() => void go("/data/runs")}>{t.toBuild}</Button></span> });
        onClose(true);
      },
      onError: (error) => void message.error(error.message),
    });
  };
  return (
    <Modal open width={720} title={kind === "split" ? t.splitTitle : t.mergeTitle} onCancel={() => onClose(false)} onOk={send} okText={kind === "split" ? t.split : t.merge} cancelText={c.cancel} confirmLoading={write.isPending} okButtonProps={{ disabled: kind === "merge" && !chosen }}>
      <div className="stack">
        {kind === "split" ? <Split found={found} selected={selected} nameOf={nameOf} /> : <Merge id={id} name={name} chosen={chosen} onChoose={setChosen} />}
        <label htmlFor="decide-why"><Typography.Text strong>{t.why}</Typography.Text></label>
        <Input.TextArea id="decide-why" rows={2} maxLength={1000} value={why} status={needed && !why.trim() ? "error" : ""} placeholder={t.whyHint} onChange={(event) => setWhy(event.target.value)} aria-invalid={needed && !why.trim()} />
        {needed && !why.trim() && <Typography.Text type="danger">{t.needWhy}</Typography.Text>}
      </div>
    </Modal>
  );
}

function Split({ found, selected, nameOf }: { found: Explained; selected: ReadonlySet<string>; nameOf: (source: string) => string }) {
  const t = useTexts(customer).identity;
  const f = useFormats();
  const names = useTexts(customer).names as Readonly<Record<string, string>>;
  const cut = found.linked.filter((e) => selected.has(e.left) !== selected.has(e.right));
  const list = (records: readonly IdentityRecord[]) => (
    <ul>{records.map((r) => <li key={r.digest}>{nameOf(r.source)} · {r.fields.name ?? r.fields.phone ?? r.fields.member_no ?? r.digest.slice(0, 8)} <span className="quiet small figures">{f.count(r.rows)}</span></li>)}</ul>
  );
  return (
    <>
      <div className="sides">
        <section><h3 className="plain-title">{t.stays}</h3>{list(found.records.filter((r) => !selected.has(r.digest)))}</section>
        <section><h3 className="plain-title">{t.leaves}</h3>{list(found.records.filter((r) => selected.has(r.digest)))}</section>
      </div>
      <Typography.Text>{cut.length ? t.cut(f.count(cut.length)) : t.noCut}</Typography.Text>
      {cut.length > 0 && <div className="tag-chips">{[...new Set(cut.map((e) => `${t.kinds[e.kind]} · ${names[e.rule] ?? e.rule}`))].map((text) => <span className="chip" key={text}>{text}</span>)}</div>}
    </>
  );
}

function Merge({ id, name, chosen, onChoose }: { id: string; name: string; chosen: string | null; onChoose: (id: string | null) => void }) {
  const all = useTexts(customer);
  const t = all.identity;
  const [text, setText] = useState(chosen ?? "");
  const wanted = text.trim();
  const answer = useAsk<Found>("/customers/search", wanted.length > 1 ? { text: wanted, limit: 6 } : null);
  const hits = (answer.data?.found ?? []).filter((hit) => hit.customer_id !== id);
  const person = (who: { name: string | null; customer_id: string; phone?: string | null }) => <><strong>{who.name || all.nameless}</strong> <span className="figures">{who.phone}</span><div className="quiet small mono">{who.customer_id}</div></>;
  const other: Pick<Hit, "name" | "customer_id" | "phone"> | undefined = hits.find((hit) => hit.customer_id === chosen) ?? (chosen ? { name: null, customer_id: chosen, phone: null } : undefined);
  return (
    <>
      <Input.Search allowClear value={text} placeholder={all.placeholder} aria-label={t.pickOther} onChange={(event) => { setText(event.target.value); onChoose(null); }} loading={answer.isFetching} />
      {!chosen && wanted.length > 1 && <List size="small" bordered dataSource={hits} locale={{ emptyText: all.none }} renderItem={(hit) => <List.Item><button type="button" className="chip" onClick={() => onChoose(hit.customer_id)}>{person(hit)}</button></List.Item>} />}
      {other && (
        <div className="sides">
          <section><h3 className="plain-title">{t.stays}</h3>{person({ name, customer_id: id })}</section>
          <section><h3 className="plain-title">{t.chosen}</h3>{person(other)}</section>
        </div>
      )}
    </>
  );
}
