using System.Net.Http.Json;
using System.Text.Json.Nodes;
using HyperKernels.Layers;
using HyperKernels.Models;
using HyperKernels.Serving;
using Microsoft.AspNetCore.Builder;

namespace HyperKernels.Tests;

public sealed partial class ReadmeExamples
{
    [Test]
    public async Task Serving_AnswersARequest()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using (HyperNetwork hyper = HyperNetwork.For(LeNet.Create(), Condition.Range("angle", 0, 90), hidden: [16, 128]))
        {
            hyper.Save(folder.File("mip.safetensors"));
        }
        await using WebApplication app = ServingApp.Build("--Serving:File", folder.File("mip.safetensors"), "--urls", "http://127.0.0.1:0", "--Logging:LogLevel:Default", "Error");
        await app.StartAsync();
        string address = app.Urls.First();
        float[] image = new float[28 * 28];

        // <serving>
        using HttpClient http = new() { BaseAddress = new Uri(address) };
        using HttpResponseMessage response = await http.PostAsJsonAsync("/answer", new { input = image, condition = new[] { 30f } });
        response.EnsureSuccessStatusCode();
        JsonNode answer = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
        float[] logits = [.. answer["output"]!.AsArray().Select(value => (float)value!)];    // ten, of the digit's classes
        int together = (int)answer["batch"]!;
        // </serving>

        Assert.That((logits.Length, together), Is.EqualTo((10, 1)));
    }
}
