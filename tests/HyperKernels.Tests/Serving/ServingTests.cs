using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using HyperKernels.Layers;
using HyperKernels.Models;
using HyperKernels.Serving;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace HyperKernels.Tests.Serving;

/// <summary>The sample service, on this machine's loopback.</summary>
public sealed class ServingTests
{
    private TestData.TemporaryFolder _folder = null!;
    private string _file = null!;

    [OneTimeSetUp]
    public void Save()
    {
        _folder = TestData.Temporary();
        _file = _folder.File("hyper.safetensors");
        RandomStream random = new(7);
        using HyperNetwork network = HyperNetwork.For(
            LeNet.CreateTarget(random), Condition.Range("angle", 0, 90), hidden: [16, 128], options: new HyperNetworkOptions { Random = random });
        network.Save(_file);
    }

    [OneTimeTearDown]
    public void Remove() => _folder.Dispose();

    [Test]
    public async Task Answer_OfManyAtOnce_IsEachOnesOwn_InBatches()
    {
        await using WebApplication app = await Start("--Serving:WindowMilliseconds", "20");
        using HttpClient http = Client(app);
        Ask[] asks = [.. Enumerable.Range(0, 40).Select(static i => new Ask([.. Enumerable.Range(0, 784).Select(p => ((p * 7) + i) % 11 / 10f)], [i * 2]))];
        HttpResponseMessage[] responses = await Task.WhenAll(asks.Select(ask => http.PostAsJsonAsync("/answer", ask)));
        Answered[] answers = await Task.WhenAll(responses.Select(async response => (await response.Content.ReadFromJsonAsync<Answered>())!));
        using HyperNetwork network = HyperNetwork.Load(_file);
        for (int i = 0; i < asks.Length; i++)
        {
            using MemoryScope scope = new();
            float[] alone = network.Forward(Tensor.From(asks[i].Input, [1, 1, 28, 28]), Tensor.From(asks[i].Condition)).ToArray();
            Assert.That(answers[i].Output, Is.EqualTo(alone).Within(1e-4), $"request {i}");
        }
        Assert.That(answers.Max(static answer => answer.Batch), Is.InRange(2, 32));
        JsonNode health = JsonNode.Parse(await http.GetStringAsync("/health"))!;
        Assert.That(((string?)health["status"], (long)health["answers"]!), Is.EqualTo(("ok", 40L)));
        Assert.That((long)health["batches"]!, Is.LessThan(40));
    }

    [TestCase("""{"input":[1,2],"condition":[1]}""", "784")]
    [TestCase("""{"condition":[1]}""", "784")]
    [TestCase("""{"input":null,"condition":null}""", "784")]
    [TestCase("nonsense", "")]
    public async Task Answer_OfABadRequest_IsRefused_WithTheReason(string body, string reason)
    {
        await using WebApplication app = await Start();
        using HttpClient http = Client(app);
        using StringContent content = new(body, System.Text.Encoding.UTF8, "application/json");
        using HttpResponseMessage response = await http.PostAsync("/answer", content);
        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.BadRequest));
        Assert.That(await response.Content.ReadAsStringAsync(), Does.Contain(reason));
    }

    [Test]
    public async Task Answer_WhenTheQueueIsFull_Is429_AndTheOthersAreAnswered()
    {
        await using WebApplication app = await Start("--Serving:MostWaiting", "2", "--Serving:MostBatch", "2", "--Serving:WindowMilliseconds", "0");
        LoadResult result = await LoadTest.Run(new Uri(app.Urls.First()), LoadCommand.Asks(app.Services.GetRequiredService<HyperModel>()), 24, TimeSpan.FromSeconds(1.5));
        Assert.That(result.Refused, Is.GreaterThan(0));
        Assert.That(result.Answers, Is.GreaterThan(0));
        Assert.That(result.MeanBatch, Is.LessThanOrEqualTo(2));
    }

    [Test]
    public async Task Stop_WithRequestsInProgress_AnswersThem_AndThenNoMore()
    {
        await using WebApplication app = await Start("--Serving:WindowMilliseconds", "300");
        using HttpClient http = Client(app);
        Ask ask = new(new float[784], [30]);
        Task<HttpResponseMessage>[] waiting = [.. Enumerable.Range(0, 4).Select(_ => http.PostAsJsonAsync("/answer", ask))];
        Batcher batcher = app.Services.GetRequiredService<Batcher>();
        // They are within the window: taken, and not yet answered.
        Assert.That(() => http.GetStringAsync("/health").Result, Does.Contain("ok"));
        await Task.Delay(100);
        await app.StopAsync();
        foreach (HttpResponseMessage response in await Task.WhenAll(waiting))
        {
            Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        }
        Assert.That((batcher.IsOpen, batcher.TryAsk(new Question(ask.Input, ask.Condition, CancellationToken.None))), Is.EqualTo((false, false)));
        Assert.That(async () => await http.GetStringAsync("/health"), Throws.InstanceOf<HttpRequestException>());
    }

    [Test]
    public async Task Answer_OfAClientThatLeft_TakesNoRowOfABatch()
    {
        await using WebApplication app = await Start("--Serving:WindowMilliseconds", "0");
        HyperModel model = app.Services.GetRequiredService<HyperModel>();
        Batcher batcher = app.Services.GetRequiredService<Batcher>();
        using CancellationTokenSource gone = new();
        gone.Cancel();
        Question left = new(new float[784], [1], gone.Token);
        Question stays = new(new float[784], [1], CancellationToken.None);
        Assert.That(batcher.TryAsk(left) && batcher.TryAsk(stays));
        Assert.That((await stays.Answers).Batch, Is.EqualTo(1));
        Assert.That(async () => await left.Answers, Throws.InstanceOf<OperationCanceledException>());
        Assert.That(model.Refuse([.. Enumerable.Repeat(float.NaN, 784)], [1]), Does.Contain("finite"));
    }

    [Test]
    public void Build_WithoutAFileThatFits_SaysWhatIsMissing()
    {
        using Linear linear = new(3, 2);
        linear.Save(_folder.File("linear.safetensors"));
        Assert.That(() => ServingApp.Build(), Throws.InstanceOf<InvalidDataException>().With.Message.Contains("--Serving:File"));
        Assert.That(() => ServingApp.Build("--Serving:File", _file, "--Serving:Shape", "1x"), Throws.InstanceOf<InvalidDataException>().With.Message.Contains("1x28x28"));
        Assert.That(() => ServingApp.Build("--Serving:File", _folder.File("linear.safetensors")), Throws.InstanceOf<InvalidDataException>());
        Assert.That(() => ServingApp.Build("--Serving:File", _file, "--Serving:Shape", "1x5x5"), Throws.InstanceOf<ArgumentException>());
    }

    [Test]
    public async Task Load_ForAMoment_IsAnsweredWhole_AndLeavesNothingBehind() => await Load(TimeSpan.FromSeconds(1), slices: 4);

    /// <summary>An hour of requests scaled down to three minutes: more than any of the counters, queues and pools needs to show a leak.</summary>
    [Test, Category("Long"), Explicit("Three minutes.")]
    public async Task Load_ForMinutes_GrowsByNothing() => await Load(TimeSpan.FromSeconds(10), slices: 18);

    private async Task Load(TimeSpan slice, int slices)
    {
        await using WebApplication app = await Start();
        Uri address = new(app.Urls.First());
        Ask[] asks = LoadCommand.Asks(app.Services.GetRequiredService<HyperModel>());
        await LoadTest.Run(address, asks, 16, slice);
        List<(long Live, long Resident, double BytesARequest)> seen = [];
        long answers = 0;
        for (int i = 0; i < slices; i++)
        {
            long before = GC.GetTotalAllocatedBytes();
            LoadResult result = await LoadTest.Run(address, asks, 16, slice);
            answers += result.Answers;
            double bytes = (double)(GC.GetTotalAllocatedBytes() - before) / result.Answers;
            Assert.That(result.Refused, Is.Zero);
            seen.Add((GC.GetTotalMemory(forceFullCollection: true), Environment.WorkingSet, bytes));
        }
        string report = string.Join('\n', seen.Select(static s => $"{s.Live / 1024} KiB live, {s.Resident >> 20} MiB resident, {s.BytesARequest / 1024:F1} KiB a request"));
        TestContext.Out.WriteLine($"{answers} answers\n{report}");
        (long Live, long Resident, double BytesARequest)[] half = [.. seen.Take(slices / 2)];
        (long Live, long Resident, double BytesARequest)[] rest = [.. seen.Skip(slices / 2)];
        Assert.Multiple(() =>
        {
            Assert.That(rest.Min(static s => s.Live), Is.LessThan(half.Max(static s => s.Live) + (1 << 20)), report);
            Assert.That(rest.Min(static s => s.Resident), Is.LessThan(half.Max(static s => s.Resident) + (16 << 20)), report);
            Assert.That(rest.Average(static s => s.BytesARequest), Is.LessThan(1.15 * half.Average(static s => s.BytesARequest)), report);
        });
    }

    private async Task<WebApplication> Start(params string[] more)
    {
        WebApplication app = ServingApp.Build(["--Serving:File", _file, "--urls", "http://127.0.0.1:0", "--Logging:LogLevel:Default", "Error", .. more]);
        await app.StartAsync();
        return app;
    }

    private static HttpClient Client(WebApplication app) => new() { BaseAddress = new Uri(app.Urls.First()) };
}
