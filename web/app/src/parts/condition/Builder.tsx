// The nested builder: groups joined by and / or, each to be excluded as a whole; rows and groups are moved by dragging, or by their menus.
import { memo, useState, type ReactNode } from "react";
import { Button, Checkbox, Dropdown, Segmented, Tooltip } from "antd";
import { HolderOutlined, MoreOutlined, PlusOutlined } from "../../icons";
import { DndContext, DragOverlay, PointerSensor, pointerWithin, useDraggable, useDroppable, useSensor, useSensors } from "@dnd-kit/core";
import { useTexts } from "../../i18n";
import { condition } from "../../i18n/condition";
import { LeafEditor } from "./LeafEditor";
import { blank, group, leaf, type FormType, type Group, type Item, type Join } from "./model";
import { addItem, copyItem, find, moveItem, nudgeItem, removeItem, setForm, setGroup, wrapItem } from "./moves";
import "./style.css";

export interface Fault {
  readonly id: string;
  readonly message: string;
}
const KINDS: readonly FormType[] = ["field", "behaviour", "sequence", "audience", "list", "sample", "top", "sql"];

interface Tools {
  readonly root: Group;
  readonly change: (root: Group) => void;
  readonly fault: Fault | null;
}

export const Builder = memo(function Builder({ root, onChange, fault = null }: { root: Group; onChange: (root: Group) => void; fault?: Fault | null }) {
  const [dragged, setDragged] = useState<string | null>(null);
  const sensors = useSensors(useSensor(PointerSensor, { activationConstraint: { distance: 6 } }));
  const t = useTexts(condition);
  const moving = dragged ? find(root, dragged) : null;
  return (
    <DndContext
      sensors={sensors} collisionDetection={pointerWithin} onDragStart={({ active }) => setDragged(String(active.id))} onDragCancel={() => setDragged(null)}
      onDragEnd={({ active, over }) => {
        setDragged(null);
        const to = over?.data.current as { into: string; index: number } | undefined;
        if (to) onChange(moveItem(root, String(active.id), to.into, to.index));
      }}
    >
      <div className={dragged ? "builder moving" : "builder"}>
        <GroupBox item={root} tools={{ root, change: onChange, fault }} depth={0} />
      </div>
      <DragOverlay dropAnimation={null}>{moving && <div className="lifted">{moving.kind === "group" ? t.group : t.row}</div>}</DragOverlay>
    </DndContext>
  );
});

function GroupBox({ item, tools, depth, handle }: { item: Group; tools: Tools; depth: number; handle?: ReactNode }) {
  const t = useTexts(condition);
  const { root, change } = tools;
  const add = (type: FormType) => change(addItem(root, item.id, leaf(blank(type))));
  return (
    <div className={`group${item.negate ? " negated" : ""}`} data-depth={depth % 2} role="group" aria-label={`${t.group}: ${item.negate ? `${t.not}, ` : ""}${item.join === "all" ? t.and : t.or}`}>
      <div className="rail">
        {item.items.length > 1 && (
          <Segmented vertical size="small" aria-label={t.joined} value={item.join} onChange={(join) => change(setGroup(root, item.id, { join: join as Join }))} options={[{ value: "all", label: t.and }, { value: "any", label: t.or }]} />
        )}
      </div>
      <div className="inside">
        {depth > 0 && handle}
        {item.items.length === 0 && <p className="quiet nothing">{depth === 0 ? t.empty : "—"}</p>}
        {item.items.map((inner, index) => (
          <div key={inner.id}>
            <Gap into={item.id} index={index} />
            <Row item={inner} tools={tools} depth={depth} />
          </div>
        ))}
        <Gap into={item.id} index={item.items.length} />
        <div className="row adders">
          <Button size="small" icon={<PlusOutlined />} onClick={() => add("field")}>{t.field}</Button>
          <Button size="small" icon={<PlusOutlined />} onClick={() => add("behaviour")}>{t.behaviour}</Button>
          <Dropdown trigger={["click"]} menu={{ items: KINDS.slice(2).map((type) => ({ key: type, label: t[type as "sql"] })), onClick: ({ key }) => add(key as FormType) }}>
            <Button size="small" icon={<PlusOutlined />}>{t.add}</Button>
          </Dropdown>
          <Button size="small" icon={<PlusOutlined />} onClick={() => change(addItem(root, item.id, group([leaf(blank("field"))], item.join === "all" ? "any" : "all")))}>{t.addGroup}</Button>
          {(depth > 0 || item.items.length > 0) && (
            <Tooltip title={t.notHint}><Checkbox checked={item.negate} onChange={(e) => change(setGroup(root, item.id, { negate: e.target.checked }))}>{t.not}</Checkbox></Tooltip>
          )}
        </div>
      </div>
    </div>
  );
}

function Row({ item, tools, depth }: { item: Item; tools: Tools; depth: number }) {
  const t = useTexts(condition);
  const { root, change, fault } = tools;
  const { setNodeRef, listeners, isDragging } = useDraggable({ id: item.id });
  const menu = {
    items: [
      { key: "up", label: t.up }, { key: "down", label: t.down }, { key: "in", label: t.into }, { key: "out", label: t.out }, { type: "divider" as const },
      { key: "wrap", label: t.wrap }, { key: "copy", label: t.copy }, { key: "remove", label: t.remove, danger: true },
    ],
    onClick: ({ key }: { key: string }) => {
      if (key === "wrap") change(wrapItem(root, item.id));
      else if (key === "copy") change(copyItem(root, item.id));
      else if (key === "remove") change(removeItem(root, item.id));
      else change(nudgeItem(root, item.id, key as "up"));
    },
  };
  const tail = (
    <span className="tail">
      <span className="grip" title={t.drag} {...listeners}><HolderOutlined /></span>
      <Dropdown trigger={["click"]} menu={menu}><Button type="text" size="small" icon={<MoreOutlined />} aria-label={t.menu} /></Dropdown>
    </span>
  );
  return (
    <div ref={setNodeRef} className={isDragging ? "item away" : "item"} data-fault={fault?.id === item.id || undefined}>
      {item.kind === "group"
        ? <GroupBox item={item} tools={tools} depth={depth + 1} handle={<div className="group-tail">{tail}</div>} />
        : <div className="leaf"><div className="row parts"><LeafEditor form={item.form} onChange={(form) => change(setForm(root, item.id, form))} /></div>{tail}</div>}
      {fault?.id === item.id && <p className="fault" role="alert">{fault.message}</p>}
    </div>
  );
}

function Gap({ into, index }: { into: string; index: number }) {
  const { setNodeRef, isOver } = useDroppable({ id: `${into}:${index}`, data: { into, index } });
  return <div ref={setNodeRef} className={isOver ? "gap over" : "gap"} />;
}
