using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using HyperKernels.Cases.Sized;
using MathNet.Numerics;
using MathNet.Numerics.LinearAlgebra.Single;
using MathNet.Numerics.Providers.LinearAlgebra;

namespace HyperKernels.Bench;

/// <summary>
/// Times the matrix products of the table of rivals in MathNet.Numerics' managed code. Reads and writes the same documents as
/// <c>bench/peers/torch_rows.py</c>.
/// </summary>
internal static class ManagedRival
{
    private const string Name = "MathNet.Numerics";

    private static readonly JsonSerializerOptions s_json = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes the answer to a report of <c>hyperkernels bench --suite rivals --json</c> to standard output.</summary>
    public static int Run(string threadsText, string report)
    {
        int threads = int.Parse(threadsText, CultureInfo.InvariantCulture);
        Control.UseManaged();
        Control.MaxDegreeOfParallelism = threads;
        using JsonDocument lines = JsonDocument.Parse(File.ReadAllBytes(report));
        object[] works = [.. lines.RootElement.EnumerateArray().Where(line => line.GetProperty("op").GetString() == "matmul").Select(Time)];
        Console.WriteLine(JsonSerializer.Serialize(
            new
            {
                versions = new Dictionary<string, string> { [Name] = typeof(Control).Assembly.GetName().Version!.ToString(3) },
                threads,
                blas = new { core = "managed", config = LinearAlgebraControl.Provider.ToString(), threads, forced = (string?)null },
                works,
            },
            s_json));
        return 0;
    }

    private static object Time(JsonElement line)
    {
        string sizes = line.GetProperty("sizes").GetString()!;
        Sizes read = SizedOps.All.Single(op => op.Name == "matmul").Parse(sizes);
        (int batch, int m, int k, int n) = (read["B"], read["M"], read["K"], read["N"]);
        (DenseMatrix A, DenseMatrix B, DenseMatrix Y)[] products =
            [.. Enumerable.Range(0, batch).Select(i => (Normal(m, k, (2 * i) + 1), Normal(k, n, (2 * i) + 2), new DenseMatrix(m, n)))];
        Timing timing = Timing.Measure(
            () =>
            {
                foreach ((DenseMatrix a, DenseMatrix b, DenseMatrix y) in products)
                {
                    a.Multiply(b, y);
                }
            },
            Device.Cpu,
            CancellationToken.None);
        object forward = new { ms = timing.MedianMs, spread = timing.Spread, runs = timing.Runs };
        return new
        {
            row = line.GetProperty("row").GetInt32(),
            op = "matmul",
            sizes,
            variants = new[] { new { variant = Name, forward, train = (object?)null } },
        };
    }

    private static DenseMatrix Normal(int rows, int columns, int seed)
    {
        float[] values = new float[rows * columns];
        new RandomStream((ulong)seed).FillNormal(values);
        return new DenseMatrix(rows, columns, values);
    }
}
