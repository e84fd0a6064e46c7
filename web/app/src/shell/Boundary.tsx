// Catches what a page throws, so that the rest of the application stays usable.
import { Component, type ReactNode } from "react";
import { Result, Typography } from "antd";
import { useTexts } from "../i18n";
import { common } from "../i18n/common";

function Broken({ error }: { error: Error }) {
  const t = useTexts(common);
  return (
    <Result status="error" title={t.broken} subTitle={t.brokenHint}>
      <Typography.Text code>{error.message}</Typography.Text>
    </Result>
  );
}

export class Boundary extends Component<{ children: ReactNode }, { error: Error | null }> {
  state: { error: Error | null } = { error: null };
  static getDerivedStateFromError(error: Error) {
    return { error };
  }
  render() {
    return this.state.error ? <Broken error={this.state.error} /> : this.props.children;
  }
}
