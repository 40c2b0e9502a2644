using Microsoft.Extensions.Logging;

namespace HyperKernels.Tests.Watching;

/// <summary>Loggers that keep what they are told: level and message.</summary>
internal sealed class ListLoggers : ILoggerFactory, ILogger
{
    public List<string> Lines { get; } = [];

    /// <summary>The fields of each message, by name.</summary>
    public List<Dictionary<string, object?>> Fields { get; } = [];

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException("It keeps lines and gives them to nobody.");

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        Lines.Add($"{logLevel}: {formatter(state, exception)}");
        Fields.Add(new Dictionary<string, object?>(state as IEnumerable<KeyValuePair<string, object?>> ?? []));
    }

    public void Dispose()
    {
    }
}
