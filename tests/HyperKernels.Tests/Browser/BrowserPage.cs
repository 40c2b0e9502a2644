using System.Collections.Concurrent;
using System.Text.Json.Nodes;

namespace HyperKernels.Tests.Browser;

/// <summary>A page in a browser.</summary>
internal sealed class BrowserPage
{
    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(60);

    private readonly DevTools _tools;
    private readonly string _session;
    private readonly ConcurrentQueue<string> _errors = new();

    private BrowserPage(DevTools tools, string session)
    {
        _tools = tools;
        _session = session;
    }

    /// <summary>What the page wrote to its console as errors, exceptions that nobody caught, and what could not be loaded.</summary>
    internal IReadOnlyCollection<string> Errors => _errors;

    internal static async Task<BrowserPage> Open(DevTools tools, string address, int width, string scheme)
    {
        string target = (string)(await tools.Send(null, "Target.createTarget", new JsonObject { ["url"] = "about:blank" }))["targetId"]!;
        JsonObject attached = await tools.Send(null, "Target.attachToTarget", new JsonObject { ["targetId"] = target, ["flatten"] = true });
        BrowserPage page = new(tools, (string)attached["sessionId"]!);
        TaskCompletionSource loaded = new(TaskCreationOptions.RunContinuationsAsynchronously);
        tools.Told += (session, name, parameters) => page.Take(session, name, parameters, loaded);
        foreach (string domain in new[] { "Page", "Runtime", "Log" })
        {
            await page.Send($"{domain}.enable");
        }
        await page.Send("Emulation.setDeviceMetricsOverride", new JsonObject { ["width"] = width, ["height"] = 900, ["deviceScaleFactor"] = 1, ["mobile"] = false });
        JsonObject preference = new() { ["name"] = "prefers-color-scheme", ["value"] = scheme };
        await page.Send("Emulation.setEmulatedMedia", new JsonObject { ["features"] = new JsonArray(preference) });
        await page.Send("Page.navigate", new JsonObject { ["url"] = address });
        await loaded.Task.WaitAsync(s_longest);
        return page;
    }

    /// <summary>The value of an expression in the page; a promise is waited for.</summary>
    internal async Task<JsonNode?> Evaluate(string expression)
    {
        JsonObject given = await Send(
            "Runtime.evaluate", new JsonObject { ["expression"] = expression, ["returnByValue"] = true, ["awaitPromise"] = true });
        return given["exceptionDetails"] is { } failure ? throw new AssertionException(failure.ToJsonString()) : given["result"]!["value"]?.DeepClone();
    }

    /// <summary>Waits until an expression is true.</summary>
    internal async Task Until(string expression)
    {
        for (DateTime end = DateTime.UtcNow + s_longest; DateTime.UtcNow < end;)
        {
            if ((await Evaluate($"!!({expression})"))!.GetValue<bool>())
            {
                return;
            }
            await Task.Delay(20);
        }
        throw new AssertionException($"never became true: {expression}; errors: {string.Join('\n', Errors)}");
    }

    private Task<JsonObject> Send(string method, JsonObject? parameters = null) => _tools.Send(_session, method, parameters);

    private void Take(string session, string name, JsonObject parameters, TaskCompletionSource loaded)
    {
        if (session != _session)
        {
            return;
        }
        switch (name)
        {
            case "Page.loadEventFired":
                // The empty page that the target began with may say so too, before the navigation.
                loaded.TrySetResult();
                break;
            case "Runtime.exceptionThrown":
                _errors.Enqueue(parameters["exceptionDetails"]!.ToJsonString());
                break;
            case "Runtime.consoleAPICalled" when (string)parameters["type"]! is "error" or "assert":
                _errors.Enqueue(parameters["args"]!.ToJsonString());
                break;
            case "Log.entryAdded" when (string)parameters["entry"]!["level"]! == "error":
                _errors.Enqueue(parameters["entry"]!.ToJsonString());
                break;
        }
    }
}
