using System.Collections.Concurrent;
using System.Net.WebSockets;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace HyperKernels.Tests.Browser;

/// <summary>A connection to a browser: commands with their answers, and events in between.</summary>
internal sealed class DevTools : IDisposable
{
    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(60);

    private readonly ClientWebSocket _socket;
    private readonly ConcurrentDictionary<int, TaskCompletionSource<JsonObject>> _waiting = new();
    private readonly SemaphoreSlim _sending = new(1);
    private readonly CancellationTokenSource _end = new();
    private int _last;

    internal DevTools(ClientWebSocket socket)
    {
        _socket = socket;
        _ = Task.Run(Read);
    }

    /// <summary>Session, name and parameters of what the browser tells unasked.</summary>
    internal event Action<string, string, JsonObject>? Told;

    /// <summary>Sends a command and waits for its answer.</summary>
    /// <param name="session">The page; null for the browser itself.</param>
    /// <param name="method">As in the protocol's description: <c>Page.navigate</c>.</param>
    /// <param name="parameters">Of the command.</param>
    internal async Task<JsonObject> Send(string? session, string method, JsonObject? parameters = null)
    {
        int id = Interlocked.Increment(ref _last);
        TaskCompletionSource<JsonObject> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting[id] = answer;
        JsonObject command = new() { ["id"] = id, ["method"] = method, ["params"] = parameters ?? [] };
        if (session is not null)
        {
            command["sessionId"] = session;
        }
        await _sending.WaitAsync(_end.Token);
        try
        {
            await _socket.SendAsync(JsonSerializer.SerializeToUtf8Bytes(command), WebSocketMessageType.Text, endOfMessage: true, _end.Token);
        }
        finally
        {
            _sending.Release();
        }
        JsonObject given = await answer.Task.WaitAsync(s_longest);
        return given["error"] is { } error ? throw new AssertionException($"{method}: {error.ToJsonString()}") : given["result"]!.AsObject();
    }

    private async Task Read()
    {
        byte[] part = new byte[1 << 16];
        using MemoryStream whole = new();
        try
        {
            while (true)
            {
                WebSocketReceiveResult received = await _socket.ReceiveAsync(part, _end.Token);
                if (received.MessageType == WebSocketMessageType.Close)
                {
                    return;
                }
                whole.Write(part, 0, received.Count);
                if (received.EndOfMessage)
                {
                    Take(JsonNode.Parse(whole.GetBuffer().AsSpan(0, (int)whole.Length))!.AsObject());
                    whole.SetLength(0);
                }
            }
        }
        catch (Exception end) when (end is OperationCanceledException or WebSocketException or ObjectDisposedException)
        {
            foreach (TaskCompletionSource<JsonObject> waiting in _waiting.Values)
            {
                waiting.TrySetException(end);
            }
        }
    }

    private void Take(JsonObject message)
    {
        if (message["id"] is { } id)
        {
            if (_waiting.TryRemove(id.GetValue<int>(), out TaskCompletionSource<JsonObject>? waiting))
            {
                waiting.SetResult(message);
            }
            return;
        }
        Told?.Invoke((string?)message["sessionId"] ?? "", (string)message["method"]!, message["params"]?.AsObject() ?? []);
    }

    public void Dispose()
    {
        _end.Cancel();
    }
}
