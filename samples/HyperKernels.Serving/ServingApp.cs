namespace HyperKernels.Serving;

/// <summary>The service: <c>POST /answer</c> and <c>GET /health</c>.</summary>
internal static class ServingApp
{
    /// <summary>Makes it from settings, environment and the command line.</summary>
    /// <param name="args">Such as <c>--Serving:File mip.safetensors --urls http://127.0.0.1:5080</c>.</param>
    public static WebApplication Build(params string[] args)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(args);
        ServingOptions options = builder.Configuration.GetSection("Serving").Get<ServingOptions>() ?? new ServingOptions();
        // A request is some numbers.
        builder.WebHost.ConfigureKestrel(static server => server.Limits.MaxRequestBodySize = 16 << 20);
        builder.Services.AddSingleton(options);
        builder.Services.AddSingleton<HyperModel>();
        builder.Services.AddSingleton<Batcher>();
        // Started before the server and stopped after it: requests in progress are answered before the end.
        builder.Services.AddHostedService(static services => services.GetRequiredService<Batcher>());
        WebApplication app = builder.Build();
        // A file that cannot be served is told before the port is open.
        app.Services.GetRequiredService<HyperModel>();
        app.MapPost("/answer", Answer);
        app.MapGet("/health", Health);
        return app;
    }

    private static async Task<IResult> Answer(Ask ask, HyperModel model, Batcher batcher, HttpContext context)
    {
        if (model.Refuse(ask.Input, ask.Condition) is { } reason)
        {
            return Results.Problem(reason, statusCode: StatusCodes.Status400BadRequest);
        }
        Question question = new(ask.Input, ask.Condition, context.RequestAborted);
        if (!batcher.TryAsk(question))
        {
            context.Response.Headers.RetryAfter = "1";
            return batcher.IsOpen
                ? Results.Problem("too many requests wait; ask again later.", statusCode: StatusCodes.Status429TooManyRequests)
                : Results.Problem("the service is stopping.", statusCode: StatusCodes.Status503ServiceUnavailable);
        }
        try
        {
            return Results.Ok(await question.Answers);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody reads it; the log of requests shows it as nginx does.
            return Results.StatusCode(StatusCodes.Status499ClientClosedRequest);
        }
    }

    private static IResult Health(Batcher batcher)
    {
        HealthReport report = new(batcher.IsOpen ? "ok" : "stopped", batcher.Waiting, batcher.Batches, batcher.Answers);
        return Results.Json(report, statusCode: batcher.IsOpen ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
    }
}

/// <summary>How the service is.</summary>
/// <param name="Status"><c>ok</c> or <c>stopped</c>.</param>
/// <param name="Waiting">Requests in the queue.</param>
/// <param name="Batches">Batches answered so far.</param>
/// <param name="Answers">Requests answered so far.</param>
internal sealed record HealthReport(string Status, int Waiting, long Batches, long Answers);
