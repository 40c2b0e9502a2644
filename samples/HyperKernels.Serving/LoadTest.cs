using System.Diagnostics;
using System.Net;
using System.Text.Json;

namespace HyperKernels.Serving;

/// <summary>What a load gave.</summary>
/// <param name="Answers">Requests that were answered.</param>
/// <param name="Refused">Requests that got status 429.</param>
/// <param name="Seconds">How long it took.</param>
/// <param name="Median">Of the answered requests, in milliseconds.</param>
/// <param name="P99">Below which 99 of 100 are.</param>
/// <param name="MeanBatch">Requests answered together, on average.</param>
internal sealed record LoadResult(long Answers, long Refused, double Seconds, double Median, double P99, double MeanBatch)
{
    public double PerSecond => Answers / Seconds;
}

/// <summary>Clients that ask again as soon as they have an answer.</summary>
internal static class LoadTest
{
    /// <summary>Asks for a while.</summary>
    /// <param name="address">Of the service.</param>
    /// <param name="body">What is asked: an <see cref="Ask"/> for every client, in turn.</param>
    /// <param name="clients">How many ask at the same time.</param>
    /// <param name="time">For how long.</param>
    /// <exception cref="HttpRequestException">An answer was neither 200 nor 429.</exception>
    public static async Task<LoadResult> Run(Uri address, IReadOnlyList<Ask> body, int clients, TimeSpan time)
    {
        using HttpClient http = new(new SocketsHttpHandler { MaxConnectionsPerServer = clients }) { BaseAddress = address };
        byte[][] bodies = [.. body.Select(static ask => JsonSerializer.SerializeToUtf8Bytes(ask, JsonSerializerOptions.Web))];
        long start = Stopwatch.GetTimestamp();
        (List<double> Milliseconds, long Refused, long Batches)[] all = await Task.WhenAll(
            Enumerable.Range(0, clients).Select(client => Task.Run(() => Client(http, bodies[client % bodies.Length], start, time))));
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        double[] sorted = [.. all.SelectMany(static one => one.Milliseconds).Order()];
        double At(double share) => sorted.Length == 0 ? double.NaN : sorted[(int)(share * (sorted.Length - 1))];
        double meanBatch = sorted.Length == 0 ? double.NaN : (double)all.Sum(static one => one.Batches) / sorted.Length;
        return new LoadResult(sorted.Length, all.Sum(static one => one.Refused), seconds, At(0.5), At(0.99), meanBatch);
    }

    private static async Task<(List<double> Milliseconds, long Refused, long Batches)> Client(HttpClient http, byte[] body, long start, TimeSpan time)
    {
        List<double> milliseconds = [];
        (long refused, long batches) = (0, 0);
        while (Stopwatch.GetElapsedTime(start) < time)
        {
            long begin = Stopwatch.GetTimestamp();
            using ByteArrayContent content = new(body);
            content.Headers.ContentType = new("application/json");
            using HttpResponseMessage response = await http.PostAsync("/answer", content);
            if (response.StatusCode == HttpStatusCode.TooManyRequests)
            {
                refused++;
                await Task.Delay(1);
                continue;
            }
            response.EnsureSuccessStatusCode();
            Answered answer = (await response.Content.ReadFromJsonAsync<Answered>())!;
            milliseconds.Add(Stopwatch.GetElapsedTime(begin).TotalMilliseconds);
            batches += answer.Batch;
        }
        return (milliseconds, refused, batches);
    }
}
