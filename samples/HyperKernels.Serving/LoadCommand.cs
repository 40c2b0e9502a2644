using System.Globalization;

namespace HyperKernels.Serving;

/// <summary><c>load</c>: measures the service on this machine's loopback, one request at a time and in batches.</summary>
internal static class LoadCommand
{
    private const int DefaultSeconds = 10;

    /// <summary>Measures and prints a table.</summary>
    /// <param name="args">The service's own settings, and <c>--seconds N</c> and <c>--clients N,M</c>.</param>
    public static async Task<int> Run(string[] args)
    {
        IConfiguration settings = new ConfigurationBuilder().AddCommandLine(args).Build();
        TimeSpan time = TimeSpan.FromSeconds(settings.GetValue("seconds", DefaultSeconds));
        int[] clients = [.. (settings["clients"] ?? "1,8,32").Split(',').Select(static word => int.Parse(word, CultureInfo.InvariantCulture))];
        Console.WriteLine("batch  window  clients  answers/s  median ms  p99 ms  mean batch");
        foreach ((int most, double window) in new[] { (1, 0.0), (32, 0), (32, 2) })
        {
            string[] more =
            [
                "--Serving:MostBatch", $"{most}", "--Serving:WindowMilliseconds", $"{window}", "--urls", "http://127.0.0.1:0", "--Logging:LogLevel:Default", "Warning",
            ];
            await using WebApplication app = ServingApp.Build([.. args, .. more]);
            await app.StartAsync();
            Ask[] asks = Asks(app.Services.GetRequiredService<HyperModel>());
            foreach (int count in clients)
            {
                // What is compiled while it runs is not what is measured.
                await LoadTest.Run(new Uri(app.Urls.First()), asks, count, time / 5);
                LoadResult result = await LoadTest.Run(new Uri(app.Urls.First()), asks, count, time);
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"{most,5}  {window,6}  {count,7}  {result.PerSecond,9:F0}  {result.Median,9:F2}  {result.P99,6:F2}  {result.MeanBatch,10:F1}"));
            }
            await app.StopAsync();
        }
        return 0;
    }

    /// <summary>Requests with inputs and conditions of their own.</summary>
    public static Ask[] Asks(HyperModel model)
    {
        Random random = new(1);
        return [.. Enumerable.Range(0, 16).Select(_ => new Ask(Draw(model.Inputs), Draw(model.Numbers)))];

        float[] Draw(int count) => [.. Enumerable.Range(0, count).Select(_ => MathF.Round(random.NextSingle(), 3))];
    }
}
