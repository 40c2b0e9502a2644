using System.Diagnostics;
using System.Net.WebSockets;
using System.Text;

namespace HyperKernels.Tests.Browser;

/// <summary>A Chromium without a window, driven by its DevTools protocol. Source: https://chromedevtools.github.io/devtools-protocol.</summary>
internal sealed class Chromium : IDisposable
{
    private const string Listening = "DevTools listening on ";
    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(60);
    private static readonly string[] s_names = ["chromium", "chromium-browser", "google-chrome", "chrome"];

    private readonly Process _process;
    private readonly TestData.TemporaryFolder _profile;
    private readonly ClientWebSocket _socket;
    private DevTools? _tools;

    private Chromium(Process process, TestData.TemporaryFolder profile, ClientWebSocket socket)
    {
        _process = process;
        _profile = profile;
        _socket = socket;
    }

    /// <summary>Starts the Chromium of CHROMIUM, or the first on PATH; without one the test is skipped, or fails where HYPERKERNELS_REQUIRE names <c>chromium</c>.</summary>
    internal static async Task<Chromium> Start()
    {
        string program = Find();
        TestData.TemporaryFolder profile = TestData.Temporary();
        ProcessStartInfo start = new(program)
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            ArgumentList =
            {
                "--headless", "--disable-gpu", "--disable-dev-shm-usage", "--disable-extensions", "--no-first-run", "--hide-scrollbars", "--remote-debugging-port=0",
                // CI runs as root, where the sandbox refuses to start; only pages of this repository are opened.
                "--no-sandbox", $"--user-data-dir={profile.Root}", "about:blank",
            },
        };
        Process process = Process.Start(start)!;
        TaskCompletionSource<string> address = new(TaskCreationOptions.RunContinuationsAsynchronously);
        StringBuilder said = new();
        // Read to the end: a pipe that nobody reads would stop it.
        process.ErrorDataReceived += (_, line) =>
        {
            said.AppendLine(line.Data);
            if (line.Data is null)
            {
                address.TrySetException(new AssertionException($"{program} ended before it listened: {said}"));
            }
            else if (line.Data.StartsWith(Listening, StringComparison.Ordinal))
            {
                address.TrySetResult(line.Data[Listening.Length..]);
            }
        };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        ClientWebSocket socket = new();
        // Whatever happens from here on, it ends with the test.
        Chromium browser = new(process, profile, socket);
        try
        {
            await socket.ConnectAsync(new Uri(await address.Task.WaitAsync(s_longest)), CancellationToken.None);
            browser._tools = new DevTools(socket);
            return browser;
        }
        catch
        {
            browser.Dispose();
            throw;
        }
    }

    /// <summary>Opens an address and waits until it is loaded.</summary>
    /// <param name="address">A file or a local server.</param>
    /// <param name="width">Of the window, in pixels.</param>
    /// <param name="scheme"><c>light</c> or <c>dark</c>: what the page is told of the user's choice.</param>
    internal Task<BrowserPage> Open(string address, int width = 1000, string scheme = "light") => BrowserPage.Open(_tools!, address, width, scheme);

    public void Dispose()
    {
        _tools?.Dispose();
        _socket.Dispose();
        _process.Kill(entireProcessTree: true);
        _process.WaitForExit(s_longest);
        _process.Dispose();
        // Its children may write for a moment after it is gone.
        Assert.That(Removed, Is.True.After(5000, 50));

        bool Removed()
        {
            try
            {
                _profile.Dispose();
                return true;
            }
            catch (IOException)
            {
                return false;
            }
        }
    }

    private static string Find()
    {
        if (Environment.GetEnvironmentVariable("CHROMIUM") is { Length: > 0 } given)
        {
            return given;
        }
        string[] folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        return s_names.SelectMany(name => folders.Select(folder => Path.Combine(folder, name))).FirstOrDefault(File.Exists)
            ?? throw TestData.Missing("chromium", $"no browser: none of {string.Join(", ", s_names)} is on PATH; install one, or name it in CHROMIUM.");
    }
}
