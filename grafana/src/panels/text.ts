import { PanelBuilder as Text } from '@grafana/grafana-foundation-sdk/text'

/** How to read the dashboard and what to try. */
export function text(content: string, height = 2): Text {
  return new Text().title('').span(24).height(height).transparent(true).content(content)
}
