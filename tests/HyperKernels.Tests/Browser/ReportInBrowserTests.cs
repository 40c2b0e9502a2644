using System.Text.Json.Nodes;
using HyperKernels.Tests.Cli;

namespace HyperKernels.Tests.Browser;

/// <summary>Reports of real runs in a real browser.</summary>
public sealed class ReportInBrowserTests
{
    private static readonly (int Width, string Scheme)[] s_looks = [(1000, "light"), (1000, "dark"), (390, "light")];

    [Test]
    public async Task Report_OfRuns_IsDrawnWithoutErrors_InLightAndDark_AndOnAPhone()
    {
        using Chromium browser = await Chromium.Start();
        using TestData.TemporaryFolder folder = TestData.Temporary();
        CliResult run = CliProcess.Run("train", "hgnn", "--epochs", "3", "--splits", "1", "--out", folder.Root);
        Assert.That(run.ExitCode, Is.Zero, run.ToString());
        await Look(browser, BrowserRuns.Mip, drawings: 9, images: 20);
        await Look(browser, folder.Root, drawings: 7, images: 0);
    }

    [Test]
    public async Task Check_OfAPageWithDefects_SeesThem()
    {
        using Chromium browser = await Chromium.Start();
        using TestData.TemporaryFolder folder = TestData.Temporary();
        string page = """
            <html><p>Words.</p><img src="absent.png"><svg viewBox="0 0 10 10" width="0"></svg>
            <svg viewBox="0 0 90 90" width="90"><text x="5" y="30">one</text><text x="9" y="31">two</text></svg><script>absent()</script></html>
            """;
        string path = folder.File("bad.html", System.Text.Encoding.UTF8.GetBytes(page));
        BrowserPage opened = await browser.Open(new Uri(path).AbsoluteUri);
        JsonNode seen = await DrawnPage.Seen(opened);
        Assert.That(opened.Errors, Has.Some.Contains("absent is not defined").And.Some.Contains("absent.png"));
        Assert.That(seen["empty"]!.AsArray(), Has.Count.EqualTo(2), seen.ToJsonString());
        Assert.That(seen["overlaps"]!.AsArray(), Has.Count.EqualTo(1), seen.ToJsonString());
    }

    private static async Task Look(Chromium browser, string folder, int drawings, int images)
    {
        foreach ((int width, string scheme) in s_looks)
        {
            BrowserPage page = await browser.Open(new Uri(Path.Combine(folder, "report.html")).AbsoluteUri, width, scheme);
            JsonNode seen = await DrawnPage.Check(page, isDark: scheme == "dark");
            Assert.That((int)seen["drawings"]!, Is.GreaterThanOrEqualTo(drawings));
            Assert.That((int)seen["curves"]!, Is.GreaterThan(0));
            Assert.That((int)seen["images"]!, Is.GreaterThanOrEqualTo(images));
        }
    }
}
