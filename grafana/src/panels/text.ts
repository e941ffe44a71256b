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

/** A titled text in half the width, as high as its lines: on screens of 390 and 800 pixels they hold about 40 characters. */
export function note(title: string, content: string): Text {
  const lines = content.split('\n\n').reduce((sum, part) => sum + Math.ceil(part.length / 40) + 1, 0)
  return text(content, Math.ceil((lines * 22) / 38) + 1, title, 12)
}
