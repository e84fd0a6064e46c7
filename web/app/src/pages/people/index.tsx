import { NotBuilt } from "../../parts";
import { useTexts } from "../../i18n";
import { common } from "../../i18n/common";

export default function Stub() {
  return <NotBuilt title={useTexts(common).nav.people} command="huaxiang user list" />;
}
