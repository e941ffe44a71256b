import { PanelBuilder as Text } from '@grafana/grafana-foundation-sdk/text'

/** A paragraph over the whole width. */
export function text(content: string, height: number, title = ''): Text {
  return new Text()
    .title(title)
    .span(24)
    .height(height)
    .transparent(title === '')
    .content(content)
}
