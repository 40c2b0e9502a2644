using System.Globalization;
using System.Text.Json;
using HyperKernels.TorchPeer;
using TorchSharp;

// Times the works of a report of `hyperkernels bench --suite NAME --json` in libtorch through TorchSharp: that report is the only list. Writes one JSON
// document of the form of torch_rows.py.
//
// usage: HyperKernels.TorchPeer --threads N REPORT.json     (OMP_NUM_THREADS=N and MKL_NUM_THREADS=N must be set too)
if (args is not ["--threads", string number, string file] || !int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out int threads))
{
    Console.Error.WriteLine("usage: HyperKernels.TorchPeer --threads N REPORT.json");
    return 2;
}
OlderRuntime.Meet();
torch.set_num_threads(threads);
using JsonDocument report = JsonDocument.Parse(File.ReadAllText(file));
List<WorkReport> works = [];
foreach (JsonElement line in report.RootElement.EnumerateArray())
{
    (string op, string sizes) = (line.GetProperty("op").GetString()!, line.GetProperty("sizes").GetString()!);
    works.Add(new WorkReport(line.GetProperty("row").GetInt32(), op, sizes, Works.Time(op, sizes)));
}
Console.WriteLine(JsonSerializer.Serialize(
    new PeerReport(
        new Dictionary<string, string> { ["libtorch"] = torch.__version__, ["TorchSharp"] = typeof(torch).Assembly.GetName().Version!.ToString(3) },
        torch.get_num_threads(),
        new Blas("libtorch", "MKL and oneDNN", threads, null),
        works),
    Reports.Options));
return 0;
