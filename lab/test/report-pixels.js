// Runs inside the page. For each chart: where its drawing area lies, and how many pixels have exactly the colour of one
// of the first lines and of the strip that names a fault.
;[...document.querySelectorAll('figure:has(canvas)')].map((figure) => {
  const canvas = figure.querySelector('canvas')
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
  const count = (name) => {
    const probe = document.createElement('i')
    probe.style.color = `var(${name})`
    document.body.append(probe)
    const wanted = getComputedStyle(probe).color.match(/\d+/g).map(Number)
    probe.remove()
    let found = 0
    for (let i = 0; i < data.length; i += 4)
      if (data[i + 3] === 255 && wanted.every((part, k) => data[i + k] === part)) found++
    return found
  }
  const { left, width } = figure.querySelector('.u-over').getBoundingClientRect()
  return { id: figure.id, line: count('--line-1') + count('--line-2'), strip: count('--fault-strip'), left, width }
})
