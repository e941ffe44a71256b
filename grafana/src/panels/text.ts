import { PanelBuilder as Text } from '@grafana/grafana-foundation-sdk/text'

/** A paragraph, by default over the whole width. */
export function text(content: string, height: number, title = '', width = 24): Text {
  return new Text()
    .title(title)
    .span(width)
    .height(height)
    .transparent(title === '')
    .content(content)
}
