// The steps of a tag's life that the reader may take. Each is confirmed, with what follows from it.
import { useState } from "react";
import { Alert, App, Button, Input, Modal } from "antd";
import { DeleteOutlined } from "../../icons";
import { useNavigate } from "react-router";
import { useGet, useWrite } from "../../api/hooks";
import { Answered, ErrorView } from "../../parts";
import { useTexts } from "../../i18n";
import { common } from "../../i18n/common";
import { tags } from "../../i18n/tags";
import { useTitle } from "../tags/parts";
import { Diff } from "./Versions";
import { Readers } from "./Uses";
import type { Impact, Saved, Step, TagPage } from "../tags/types";

const TOUCHED = ["/tag-market", "/tags", "/tag-kinds", "/status"] as const;
type Asked = Step | "remove";

function Consequence({ step, page, onBlocked }: { step: Asked; page: TagPage; onBlocked: (blocked: boolean) => void }) {
  const t = useTexts(tags).steps;
  const asks = step === "offline" || step === "remove";
  const found = useGet<Impact>(asks ? `/tags/${page.card.definition}/impact` : null, {}, { stale: 0 });
  if (step === "approve") return page.proposal ? <><p>{t.changeHint}</p><Diff before={page.yaml ?? ""} after={page.proposal.yaml} /></> : <><p>{t.approveHint}</p><pre className="code" tabIndex={0}>{page.yaml}</pre></>;
  if (!asks) return null;
  return (
    <Answered of={found}>
      {(of) => {
        const blocked = step === "remove" ? of.direct.length > 0 : of.blocking.length > 0;
        queueMicrotask(() => onBlocked(blocked));
        if (!blocked) return <p>{step === "remove" ? t.removeHint : t.free}</p>;
        return (
          <>
            <Alert type="warning" showIcon title={t.blocked} description={t.blockedHint} />
            <Readers of={of.direct} />
            {of.indirect.length > 0 && <><p className="soft">{t.behind}</p><Readers of={of.indirect} behind /></>}
          </>
        );
      }}
    </Answered>
  );
}

export function Steps({ page }: { page: TagPage }) {
  const t = useTexts(tags);
  const c = useTexts(common);
  const title = useTitle();
  const go = useNavigate();
  const { message } = App.useApp();
  const [step, setStep] = useState<Asked | null>(null);
  const [note, setNote] = useState("");
  const [blocked, setBlocked] = useState(true);
  const act = useWrite<Saved, { path: string; body?: unknown; match?: string | null }>("POST", TOUCHED);
  const drop = useWrite<unknown, { path: string; match?: string | null }>("DELETE", TOUCHED);
  const path = `/tags/${page.card.definition}`;
  const name = (one: Asked) => (one === "remove" ? t.page.remove : one === "approve" && page.proposal ? t.steps.approveChange : t.steps[one]);
  const open = (one: Asked) => { act.reset(); drop.reset(); setNote(""); setBlocked(one === "offline" || one === "remove"); setStep(one); };
  const carryOut = async () => {
    try {
      if (step === "remove") {
        await drop.mutateAsync({ path, match: page.digest });
        void go("/tags");
      } else await act.mutateAsync({ path: `${path}/status`, body: { action: step, note: note || null }, match: page.digest });
      setStep(null);
      void message.success(t.steps.done);
    } catch { /* shown in the dialogue */ }
  };
  const error = act.error ?? drop.error;
  const main = page.steps.find((one) => one === "approve" || one === "submit" || one === "online");
  const ownWaits = page.card.review && page.steps.includes("withdraw") && !page.steps.includes("approve");
  return (
    <>
      {[...page.steps].sort((a, b) => Number(a === main) - Number(b === main)).map((one) => <Button key={one} type={one === main ? "primary" : "default"} onClick={() => open(one)}>{name(one)}</Button>)}
      {page.may_remove && page.written && <Button icon={<DeleteOutlined />} aria-label={t.page.remove} title={t.page.remove} onClick={() => open("remove")} />}
      <Modal
        open={step !== null} title={step ? `${step === "remove" ? t.steps.removeTitle : name(step)} · ${title(page.card.title, page.card.name)}` : ""} okText={step ? name(step) : ""} cancelText={c.cancel} onCancel={() => setStep(null)} onOk={() => void carryOut()}
        okButtonProps={{ disabled: blocked, danger: step === "remove" || step === "offline", loading: act.isPending || drop.isPending }} width={640} destroyOnHidden
      >
        {step && <Consequence step={step} page={page} onBlocked={setBlocked} />}
        {ownWaits && step === "submit" && <p>{t.steps.own}</p>}
        {step !== "remove" && !blocked && <Input.TextArea aria-label={t.steps.note} placeholder={t.steps.notePlaceholder} value={note} onChange={(e) => setNote(e.target.value)} maxLength={2000} rows={2} style={{ marginBlock: 12 }} />}
        {error && <ErrorView error={error} />}
      </Modal>
    </>
  );
}
