using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace HyperKernels.Cli.Play;

/// <summary>
/// Serves the page and its answers on this machine alone, one request a connection. Nothing but sockets is needed for that: with ASP.NET Core the program would not start, whatever
/// its command, where the base runtime alone is installed; with <see cref="HttpListener"/> the file that is compiled ahead of time would carry TLS.
/// </summary>
internal sealed class PlayServer : IDisposable
{
    private const string Page = "play.html";

    // For a request to come, and for its answer to be taken.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    private readonly TcpListener _listener;
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
        using Stream page = typeof(PlayServer).Assembly.GetManifestResourceStream(Page)!;
        _page = new byte[page.Length];
        page.ReadExactly(_page);
        _listener = new TcpListener(IPAddress.Loopback, port);
        try
        {
            _listener.Start();
        }
        catch (SocketException failure)
        {
            _listener.Dispose();
            throw new UsageException($"play cannot listen on 127.0.0.1:{port}: {failure.Message}. Name another port with --port, or 0 for any.");
        }
        _authority = $"127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";
    }

    /// <summary>What to open.</summary>
    public string Address => $"http://{_authority}/";

    /// <summary>Answers until cancelled.</summary>
    public async Task Run(CancellationToken cancel)
    {
        while (!cancel.IsCancellationRequested)
        {
            try
            {
                TcpClient client = await _listener.AcceptTcpClientAsync(cancel).ConfigureAwait(false);
                _ = Task.Run(() => Serve(client, cancel), CancellationToken.None);
            }
            catch (SocketException)
            {
                // Of one connection, which was gone before it was taken: the next is waited for.
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private async Task Serve(TcpClient client, CancellationToken cancel)
    {
        using TcpClient open = client;
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        try
        {
            NetworkStream stream = client.GetStream();
            patience.CancelAfter(s_patience);
            Response response;
            try
            {
                if (await PlayRequest.Read(stream, patience.Token).ConfigureAwait(false) is not { } request)
                {
                    return;
                }
                patience.CancelAfter(Timeout.InfiniteTimeSpan);
                response = Answer(request);
            }
            catch (InvalidDataException failure)
            {
                response = Text(HttpStatusCode.BadRequest, failure.Message);
            }
            patience.CancelAfter(s_patience);
            await stream.WriteAsync(response.Bytes(), patience.Token).ConfigureAwait(false);
            client.Client.Shutdown(SocketShutdown.Send);
        }
        catch (Exception failure) when (failure is IOException or SocketException or OperationCanceledException)
        {
            // Who asked is gone, or never asked.
        }
        catch (Exception failure)
        {
            Console.Error.WriteLine($"hyperkernels: play: {failure.Message}");
        }
    }

    private Response Answer(PlayRequest request)
    {
        // A page of another site that has its name lead here must not read answers.
        if (request.Host != _authority)
        {
            return Text(HttpStatusCode.MisdirectedRequest, $"play answers to {_authority} alone.");
        }
        if (request.Method != "GET")
        {
            return Text(HttpStatusCode.MethodNotAllowed, $"play answers GET; got {request.Method}.");
        }
        return request.Path switch
        {
            "/" => new Response(HttpStatusCode.OK, "text/html; charset=utf-8", _page),
            "/about" => Document(_model.About, PlayJson.Default.PlayAbout),
            "/answer" => Answer(request.Query),
            string path => Text(HttpStatusCode.NotFound, $"play has /, /about and /answer?digit=0&turn=0&told=0; got {path}."),
        };
    }

    private Response Answer(IReadOnlyDictionary<string, string> query)
    {
        PlayAbout about = _model.About;
        string words = query.GetValueOrDefault("digit", "");
        if (!int.TryParse(words, NumberStyles.None, CultureInfo.InvariantCulture, out int digit) || digit >= about.Labels.Count)
        {
            return Text(HttpStatusCode.BadRequest, $"digit must be a number from 0 to {about.Labels.Count - 1}; got \"{words}\".");
        }
        (string turnWords, string toldWords) = (query.GetValueOrDefault("turn", ""), query.GetValueOrDefault("told", ""));
        if (!IsAngle(turnWords, out float turn) || !IsAngle(toldWords, out float told))
        {
            return Text(HttpStatusCode.BadRequest, $"turn and told must be numbers from {about.Low} to {about.High}; got \"{turnWords}\" and \"{toldWords}\".");
        }
        return Document(_model.Answer(digit, turn, told), PlayJson.Default.PlayAnswer);

        bool IsAngle(string given, out float angle) =>
            float.TryParse(given, NumberStyles.Float, CultureInfo.InvariantCulture, out angle) && angle >= about.Low && angle <= about.High;
    }

    private static Response Document<T>(T value, JsonTypeInfo<T> type) => new(HttpStatusCode.OK, "application/json", JsonSerializer.SerializeToUtf8Bytes(value, type));

    private static Response Text(HttpStatusCode status, string words) => new(status, "text/plain; charset=utf-8", Encoding.UTF8.GetBytes(words));

    public void Dispose() => _listener.Dispose();

    private sealed record Response(HttpStatusCode Status, string Type, byte[] Body)
    {
        // The page brings all it needs, and may ask nobody else.
        private const string Policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; img-src data:";

        public byte[] Bytes() =>
        [
            .. Encoding.ASCII.GetBytes(
                $"HTTP/1.1 {(int)Status} {Status}\r\nContent-Type: {Type}\r\nContent-Length: {Body.Length}\r\nConnection: close\r\nCache-Control: no-store\r\n"
                + $"X-Content-Type-Options: nosniff\r\nContent-Security-Policy: {Policy}\r\n\r\n"),
            .. Body,
        ];
    }
}
