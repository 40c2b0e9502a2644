using System.Collections.Specialized;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace HyperKernels.Cli.Play;

/// <summary>
/// Serves the page and its answers on this machine alone. The class library's own listener serves: with ASP.NET Core the program would not start on machines that have
/// the base runtime alone, whatever its command.
/// </summary>
internal sealed class PlayServer : IDisposable
{
    private const string Page = "play.html";

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);

    private readonly HttpListener _listener = new();
    private readonly PlayModel _model;
    private readonly string _authority;
    private readonly byte[] _page;

    /// <summary>Begins to listen.</summary>
    /// <param name="model">What answers.</param>
    /// <param name="port">Of 127.0.0.1; 0 means any that is free.</param>
    /// <exception cref="UsageException">The port is taken.</exception>
    public PlayServer(PlayModel model, int port)
    {
        _model = model;
        _authority = $"127.0.0.1:{(port == 0 ? FreePort() : port)}";
        using Stream page = typeof(PlayServer).Assembly.GetManifestResourceStream(Page)!;
        _page = new byte[page.Length];
        page.ReadExactly(_page);
        _listener.Prefixes.Add(Address);
        _listener.TimeoutManager.IdleConnection = s_patience;
        try
        {
            _listener.Start();
        }
        catch (HttpListenerException failure)
        {
            throw new UsageException($"play cannot listen on {_authority}: {failure.Message}. Name another port with --port, or 0 for any.");
        }
    }

    /// <summary>What to open.</summary>
    public string Address => $"http://{_authority}/";

    /// <summary>Answers until cancelled.</summary>
    public async Task Run(CancellationToken cancel)
    {
        using CancellationTokenRegistration stop = cancel.Register(_listener.Stop);
        while (!cancel.IsCancellationRequested)
        {
            HttpListenerContext request;
            try
            {
                request = await _listener.GetContextAsync().ConfigureAwait(false);
            }
            catch (Exception end) when (end is HttpListenerException or ObjectDisposedException)
            {
                if (cancel.IsCancellationRequested)
                {
                    return;
                }
                // Of one connection: the next is waited for.
                continue;
            }
            _ = Task.Run(() => Handle(request), CancellationToken.None);
        }
    }

    private void Handle(HttpListenerContext context)
    {
        HttpListenerResponse response = context.Response;
        try
        {
            (int status, string type, byte[] body) = Answer(context.Request);
            response.StatusCode = status;
            response.ContentType = type;
            response.ContentLength64 = body.Length;
            response.Headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; img-src data:";
            response.Headers["X-Content-Type-Options"] = "nosniff";
            response.Headers["Cache-Control"] = "no-store";
            response.OutputStream.Write(body);
            response.Close();
        }
        catch (Exception failure) when (failure is HttpListenerException or IOException or ObjectDisposedException)
        {
            // Who asked is gone.
            response.Abort();
        }
        catch (Exception failure)
        {
            Console.Error.WriteLine($"hyperkernels: {context.Request.RawUrl}: {failure.Message}");
            response.Abort();
        }
    }

    private (int Status, string Type, byte[] Body) Answer(HttpListenerRequest request)
    {
        // A page of another site that has its name lead here must not read answers.
        if (request.UserHostName != _authority)
        {
            return Text(HttpStatusCode.MisdirectedRequest, $"play answers to {_authority} alone.");
        }
        if (request.HttpMethod != "GET")
        {
            return Text(HttpStatusCode.MethodNotAllowed, $"play answers GET; got {request.HttpMethod}.");
        }
        return request.Url!.AbsolutePath switch
        {
            "/" => ((int)HttpStatusCode.OK, "text/html; charset=utf-8", _page),
            "/about" => Document(_model.About, PlayJson.Default.PlayAbout),
            "/answer" => Answer(request.QueryString),
            string path => Text(HttpStatusCode.NotFound, $"play has /, /about and /answer?digit=0&turn=0&told=0; got {path}."),
        };
    }

    private (int Status, string Type, byte[] Body) Answer(NameValueCollection query)
    {
        PlayAbout about = _model.About;
        if (!int.TryParse(query["digit"], NumberStyles.None, CultureInfo.InvariantCulture, out int digit) || digit >= about.Labels.Count)
        {
            return Text(HttpStatusCode.BadRequest, $"digit must be a number from 0 to {about.Labels.Count - 1}; got \"{query["digit"]}\".");
        }
        if (!IsAngle(query["turn"], out float turn) || !IsAngle(query["told"], out float told))
        {
            return Text(HttpStatusCode.BadRequest, $"turn and told must be numbers from {about.Low} to {about.High}; got \"{query["turn"]}\" and \"{query["told"]}\".");
        }
        return Document(_model.Answer(digit, turn, told), PlayJson.Default.PlayAnswer);

        bool IsAngle(string? words, out float angle) =>
            float.TryParse(words, NumberStyles.Float, CultureInfo.InvariantCulture, out angle) && angle >= about.Low && angle <= about.High;
    }

    private static (int Status, string Type, byte[] Body) Document<T>(T value, JsonTypeInfo<T> type) =>
        ((int)HttpStatusCode.OK, "application/json", JsonSerializer.SerializeToUtf8Bytes(value, type));

    private static (int Status, string Type, byte[] Body) Text(HttpStatusCode status, string words) => ((int)status, "text/plain; charset=utf-8", Encoding.UTF8.GetBytes(words));

    // The listener takes a number only: one that the system gave a moment ago is free.
    private static int FreePort()
    {
        using TcpListener probe = new(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    public void Dispose() => _listener.Close();
}
