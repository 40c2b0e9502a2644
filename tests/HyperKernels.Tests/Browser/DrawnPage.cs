using System.Text.Json.Nodes;

namespace HyperKernels.Tests.Browser;

/// <summary>What must hold of every page that is made here, in light and dark.</summary>
internal static class DrawnPage
{
    // The least contrast of text by WCAG 2.2, 1.4.3.
    private const double LeastContrast = 4.5;

    // Everything drawn has a size, what cannot be seen is named, and no two texts of a drawing lie on each other.
    private const string Look = """
        (() => {
          const box = e => e.getBoundingClientRect();
          const size = e => { const b = box(e); return b.width > 1 && b.height > 1; };
          const svgs = [...document.querySelectorAll('svg')], images = [...document.querySelectorAll('img')], canvases = [...document.querySelectorAll('canvas')];
          const overlaps = [];
          for (const svg of svgs) {
            const texts = [...svg.querySelectorAll('text')].filter(t => t.textContent.trim());
            for (let i = 0; i < texts.length; i++) for (let j = 0; j < i; j++) {
              const a = box(texts[i]), b = box(texts[j]);
              if (Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 4)
                overlaps.push(`${texts[j].textContent} / ${texts[i].textContent}`);
            }
          }
          const outside = svgs.flatMap(svg => [...svg.querySelectorAll('text, circle, ellipse')].filter(e => {
            const a = box(e), b = box(svg);
            return a.left < b.left - 1 || a.right > b.right + 1 || a.top < b.top - 1 || a.bottom > b.bottom + 1;
          }).map(e => e.textContent || e.outerHTML));
          return {
            drawings: svgs.length, images: images.length + document.querySelectorAll('svg image').length, canvases: canvases.length,
            curves: document.querySelectorAll('svg polyline').length,
            empty: [...svgs, ...canvases, ...images].filter(e => !size(e) || (e.tagName === 'IMG' && !(e.complete && e.naturalWidth > 0))).map(e => e.outerHTML.slice(0, 200)),
            overlaps, outside, clipped: [...document.querySelectorAll('svg [clip-path] text')].map(e => e.textContent),
            wider: document.documentElement.scrollWidth - window.innerWidth,
          };
        })()
        """;

    private const string Colours = """
        (() => {
          const linear = v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
          const light = c => { const [r, g, b] = c.match(/[\d.]+/g).map(v => linear(v / 255)); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
          const contrast = (a, b) => { const [x, y] = [light(a), light(b)]; return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05); };
          const of = (e, p) => getComputedStyle(e)[p];
          const page = of(document.body, 'backgroundColor');
          return { page: light(page), text: contrast(page, of(document.body, 'color')), soft: contrast(page, of(document.querySelector('p'), 'color')) };
        })()
        """;

    /// <summary>What is drawn: counts, and the elements that should not be as they are.</summary>
    internal static async Task<JsonNode> Seen(BrowserPage page) => (await page.Evaluate(Look))!;

    /// <summary>Checks a page that is open.</summary>
    /// <returns>What was counted: drawings, images, canvases, curves.</returns>
    internal static async Task<JsonNode> Check(BrowserPage page, bool isDark)
    {
        JsonNode seen = await Seen(page);
        JsonNode colours = (await page.Evaluate(Colours))!;
        Assert.Multiple(() =>
        {
            Assert.That(page.Errors, Is.Empty);
            Assert.That(seen["empty"]!.AsArray().Select(static one => (string)one!), Is.Empty, "drawn with a size");
            Assert.That(seen["overlaps"]!.AsArray().Select(static one => (string)one!), Is.Empty, "texts on texts");
            Assert.That(seen["outside"]!.AsArray().Select(static one => (string)one!), Is.Empty, "cut off");
            Assert.That(seen["clipped"]!.AsArray().Select(static one => (string)one!), Is.Empty, "words in an area that may cut them");
            Assert.That((double)seen["wider"]!, Is.LessThanOrEqualTo(0), "the page itself does not scroll sideways");
            Assert.That((double)colours["page"]!, isDark ? Is.LessThan(0.1) : Is.GreaterThan(0.9));
            Assert.That((double)colours["text"]!, Is.GreaterThan(LeastContrast));
            Assert.That((double)colours["soft"]!, Is.GreaterThan(LeastContrast));
        });
        return seen;
    }
}
