using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using HyperKernels.Cli.Data;
using HyperKernels.Layers;
using HyperKernels.Tests.Cli;

namespace HyperKernels.Tests.Browser;

/// <summary><c>play mip</c> as a user has it: the program's own process, asked by a browser and by other clients.</summary>
public sealed class PlayTests
{
    [Test]
    public async Task Play_InABrowser_TurnsTheDigit_AndShowsAnswersAndFiltersOfTheAngle()
    {
        using Chromium browser = await Chromium.Start();
        using Served play = await Served.Start(Path.Combine(BrowserRuns.Mip, "mip.safetensors"));
        foreach ((int width, string scheme) in new[] { (1000, "light"), (1000, "dark"), (390, "light") })
        {
            BrowserPage page = await browser.Open(play.Address, width, scheme);
            await page.Until("window.answers > 0");
            JsonNode seen = await DrawnPage.Check(page, isDark: scheme == "dark");
            Assert.That(((int)seen["canvases"]!, (int)seen["curves"]!), Is.EqualTo((11, 1)), "the digit, ten filters, a curve");
        }

        BrowserPage used = await browser.Open(play.Address);
        await used.Until("window.answers > 0");
        JsonNode before = await State(used);
        await Move(used, "turn", 80);
        JsonNode turned = await State(used);
        await used.Evaluate("document.getElementById('truthful').click()");
        await Move(used, "told", 10);
        JsonNode lied = await State(used);
        await used.Evaluate("document.querySelectorAll('#keys button')[7].click()");
        await used.Until("[...document.querySelectorAll('#keys button')].findIndex(key => key.getAttribute('aria-pressed') === 'true') === 7");
        Assert.Multiple(() =>
        {
            Assert.That((string)turned["told"]!, Is.EqualTo("80°"), "what is told follows");
            Assert.That((string)turned["digit"]!, Is.Not.EqualTo((string)before["digit"]!));
            Assert.That((string)turned["filters"]!, Is.Not.EqualTo((string)before["filters"]!));
            Assert.That((string)lied["turned"]!, Is.EqualTo("80°"));
            Assert.That((string)lied["digit"]!, Is.EqualTo((string)turned["digit"]!), "only what is told has changed");
            Assert.That((string)lied["filters"]!, Is.Not.EqualTo((string)turned["filters"]!));
            Assert.That((double)lied["shares"]!, Is.EqualTo(100).Within(0.6), "ten rounded probabilities");
            Assert.That(used.Errors, Is.Empty);
        });

        // An answer is the network's own.
        JsonNode told = (await used.Evaluate("fetch('answer?digit=5&turn=30&told=60').then(answer => answer.json())"))!;
        float[] probabilities = [.. told["probabilities"]!.AsArray().Select(static one => (float)one!)];
        Assert.That(probabilities, Is.EqualTo(Probabilities(5, 30, 60)).Within(1e-5));
        Assert.That(play.Stop().ExitCode, Is.Zero, "Ctrl+C is how it ends");
    }

    [Test]
    public async Task Play_AskedByOthers_AnswersThisMachineAlone_AndSaysWhatIsWrong()
    {
        using Served play = await Served.Start(Path.Combine(BrowserRuns.Mip, "mip.safetensors"));
        using HttpClient http = new();
        async Task<(HttpStatusCode Status, string Text)> Ask(string path, string? host = null, HttpMethod? method = null)
        {
            using HttpRequestMessage request = new(method ?? HttpMethod.Get, play.Address + path);
            request.Headers.Host = host;
            using HttpResponseMessage response = await http.SendAsync(request);
            return (response.StatusCode, await response.Content.ReadAsStringAsync());
        }
        (HttpStatusCode Status, string Text) digit = await Ask("answer?digit=100000&turn=0&told=0");
        (HttpStatusCode Status, string Text) angle = await Ask("answer?digit=0&turn=NaN&told=0");
        Assert.That(digit.Status, Is.EqualTo(HttpStatusCode.BadRequest));
        Assert.That(digit.Text, Does.Contain("0 to 199").And.Contain("100000"));
        Assert.That(angle.Status, Is.EqualTo(HttpStatusCode.BadRequest));
        Assert.That(angle.Text, Does.Contain("0 to 90").And.Contain("NaN"));
        Assert.That((await Ask("absent")).Status, Is.EqualTo(HttpStatusCode.NotFound));
        Assert.That((await Ask("about", method: HttpMethod.Delete)).Status, Is.EqualTo(HttpStatusCode.MethodNotAllowed));
        Assert.That((int)(await Ask("about", host: "elsewhere.example")).Status, Is.EqualTo(421), "a name of another site that leads here");
        foreach (string nonsense in new[] { "nonsense\r\n\r\n", "GET / HTTP/1.1\r\nHost: half", new string('x', 20_000) })
        {
            Assert.That(await Say(play, nonsense), Does.StartWith("HTTP/1.1 400 ").Or.Empty, "refused, or the connection is gone");
        }
        Assert.That(await Say(play, ""), Is.Empty, "who says nothing gets nothing");
        Assert.That((await Ask("about")).Status, Is.EqualTo(HttpStatusCode.OK));
        if (OperatingSystem.IsLinux())
        {
            using TcpClient other = new();
            Assert.That(async () => await other.ConnectAsync("127.0.0.2", new Uri(play.Address).Port), Throws.InstanceOf<SocketException>(), "no other address of the machine");
        }
    }

    [Test]
    public void Play_WithoutWhatItNeeds_SaysSo()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using Linear linear = new(3, 2);
        linear.Save(folder.File("linear.safetensors"));
        CliResult recipe = CliProcess.Run("play", "lenet");
        CliResult file = CliProcess.Run("play", "mip", "--file", folder.File("linear.safetensors"), "--port", "0");
        CliResult port = CliProcess.Run("play", "mip", "--port", "70000");
        Assert.That((recipe.ExitCode, file.ExitCode, port.ExitCode), Is.EqualTo((2, 4, 2)), file.ToString());
        Assert.That(recipe.Error, Does.Contain("mip").And.Contain("lenet"));
        Assert.That(file.Error, Does.Contain("linear.safetensors"));
        Assert.That(port.Error, Does.Contain("70000"));
    }

    // Sends text as it is, says that nothing follows, and gives what comes back.
    private static async Task<string> Say(Served play, string text)
    {
        using TcpClient client = new();
        await client.ConnectAsync(IPAddress.Loopback, new Uri(play.Address).Port);
        using NetworkStream stream = client.GetStream();
        using StreamReader reader = new(stream);
        try
        {
            await stream.WriteAsync(System.Text.Encoding.ASCII.GetBytes(text));
            client.Client.Shutdown(SocketShutdown.Send);
            return await reader.ReadToEndAsync();
        }
        catch (Exception gone) when (gone is IOException or SocketException)
        {
            return "";
        }
    }

    private static async Task Move(BrowserPage page, string slider, int value)
    {
        string text = value.ToString(CultureInfo.InvariantCulture);
        await page.Evaluate($"window.asked = window.answers; (s => {{ s.value = {text}; s.dispatchEvent(new Event('input')); }})(document.getElementById('{slider}'))");
        await page.Until("window.answers > window.asked && !busy");
    }

    private static async Task<JsonNode> State(BrowserPage page) => (await page.Evaluate("""
        ({
          digit: document.getElementById('digit').toDataURL(),
          filters: [...document.querySelectorAll('#filters canvas')].map(canvas => canvas.toDataURL()).join(),
          turned: document.getElementById('turnValue').textContent,
          told: document.getElementById('toldValue').textContent,
          shares: [...document.querySelectorAll('.bars b')].reduce((sum, share) => sum + parseFloat(share.textContent), 0),
        })
        """))!;

    private static float[] Probabilities(int digit, float turn, float told)
    {
        using HyperNetwork network = HyperNetwork.Load(Path.Combine(BrowserRuns.Mip, "mip.safetensors"));
        ImageSet digits = DrawnDigits.Make(200, 1, 1);
        float[] upright = new float[digits.Height * digits.Width];
        float[] turned = new float[upright.Length];
        digits.Fill([digit], upright, new int[1]);
        ImageRotation.Turn(upright, [turn], digits.Height, digits.Width, turned);
        using MemoryScope scope = new();
        return Ops.Softmax(network.Forward(Tensor.From(turned, [1, 1, digits.Height, digits.Width]), Tensor.From([told]))).ToArray();
    }

    /// <summary>The program while it serves.</summary>
    private sealed class Served : IDisposable
    {
        private readonly CliProcess _process;

        private Served(CliProcess process, string address)
        {
            _process = process;
            Address = address;
        }

        public string Address { get; }

        public static async Task<Served> Start(string file)
        {
            string port = FreePort().ToString(CultureInfo.InvariantCulture);
            Served served = new(CliProcess.Start("play", "mip", "--file", file, "--port", port), $"http://127.0.0.1:{port}/");
            using HttpClient http = new();
            for (DateTime end = DateTime.UtcNow.AddSeconds(60); DateTime.UtcNow < end; await Task.Delay(50))
            {
                try
                {
                    await http.GetStringAsync(served.Address + "about");
                    return served;
                }
                catch (HttpRequestException)
                {
                    // Not there yet.
                }
            }
            served.Dispose();
            throw new AssertionException("play never listened");
        }

        public CliResult Stop()
        {
            _process.SendInterrupt();
            return _process.Finish();
        }

        public void Dispose() => _process.Dispose();

        private static int FreePort()
        {
            using TcpListener probe = new(IPAddress.Loopback, 0);
            probe.Start();
            return ((IPEndPoint)probe.LocalEndpoint).Port;
        }
    }
}
