using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using HyperKernels.Cli.Reports;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace HyperKernels.Cli;

/// <summary>
/// Where a command writes. Results go to standard output: tables with frames on a terminal, aligned columns in a pipe, or one JSON document.
/// Progress goes to standard error, and only to a terminal.
/// </summary>
internal sealed class Terminal
{
    private const int WidestLine = 4096;

    private readonly TextWriter _text;
    private readonly bool _framed;

    public Terminal(ParseResult parsed)
    {
        Json = parsed.GetValue(CommonOptions.Json);
        // Standard output carries the document and nothing else.
        _text = Json ? Console.Error : Console.Out;
        _framed = !(Json ? Console.IsErrorRedirected : Console.IsOutputRedirected);
        ShowsProgress = !Console.IsErrorRedirected && Environment.GetEnvironmentVariable("TERM") != "dumb";
    }

    public bool Json { get; }

    /// <summary>Whether there is a terminal for progress bars.</summary>
    public bool ShowsProgress { get; }

    // Made when first used: a command that prints plain lines starts without them.
    private IAnsiConsole Results => field ??= Make(_text, redirected: !_framed);

    private IAnsiConsole Messages => field ??= Make(Console.Error, Console.IsErrorRedirected);

    /// <summary>Prints one line of plain text.</summary>
    public void Line(string text) => _text.WriteLine(text);

    /// <summary>Prints one line that is good or bad news.</summary>
    public void Verdict(bool good, string text) => Results.MarkupLine($"[{(good ? "green" : "red")}]{Markup.Escape(text)}[/]");

    /// <summary>Prints rows under headings; columns of numbers are aligned at the right.</summary>
    public void Table(IReadOnlyList<string> headings, IReadOnlyCollection<IReadOnlyList<string>> rows)
    {
        bool[] numbers = [.. headings.Select((_, column) => rows.Count > 0 && rows.All(row => IsNumber(row[column])))];
        if (!_framed)
        {
            PlainTable(headings, rows, numbers);
            return;
        }
        Table table = new() { Border = TableBorder.Rounded };
        for (int column = 0; column < headings.Count; column++)
        {
            table.AddColumn(new TableColumn(Markup.Escape(headings[column]))
            {
                NoWrap = numbers[column] || column == 0,
                Alignment = numbers[column] ? Justify.Right : Justify.Left,
            });
        }
        foreach (IReadOnlyList<string> row in rows)
        {
            table.AddRow([.. row.Select(cell => (IRenderable)new Text(cell))]);
        }
        Results.Write(table);
    }

    /// <summary>Writes the JSON document.</summary>
    public static void Document<T>(T value, JsonTypeInfo<T> type) => Console.Out.WriteLine(JsonSerializer.Serialize(value, type));

    /// <summary>Runs work under a progress bar with the time left; without a terminal just runs it.</summary>
    /// <param name="what">What is being done.</param>
    /// <param name="work">Gets an action that takes the share done, from 0 to 1, and a few words.</param>
    public void WithProgress(string what, Action<Action<double, string>> work)
    {
        if (!ShowsProgress)
        {
            work((_, _) => { });
            return;
        }
        Messages.Progress()
            .AutoClear(true)
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .Start(context =>
            {
                ProgressTask task = context.AddTask(Markup.Escape(what), maxValue: 1);
                work((share, words) =>
                {
                    task.Value = share;
                    task.Description = Markup.Escape(words.Length == 0 ? what : $"{what}: {words}");
                });
                task.Value = 1;
            });
    }

    /// <summary>Runs work under a picture that the work draws anew as often as it likes; without a terminal just runs it.</summary>
    /// <param name="work">Gets an action that shows a picture in the place of the one before.</param>
    public void WithPicture(Action<Action<IRenderable>> work)
    {
        if (!ShowsProgress)
        {
            work(static _ => { });
            return;
        }
        Messages.Live(new Text("")).AutoClear(true).Start(context => work(context.UpdateTarget));
    }

    /// <summary>Loads what writes errors: where no file can be opened any more, it is too late for that, and the reason could not be said.</summary>
    public static void Prepare()
    {
        using Stream error = Console.OpenStandardError();
        error.Write([]);
    }

    /// <summary>Reports a failure: one line on standard error, and the document that a reader of JSON waits for.</summary>
    /// <returns>The exit code.</returns>
    public static int Fail(int code, string message, bool json)
    {
        string line = message.ReplaceLineEndings(" ").Trim();
        Console.Error.WriteLine($"hyperkernels: {line}");
        if (json)
        {
            Document(new FailureReport(line, code), ReportJson.Plain.FailureReport);
        }
        return code;
    }

    private static bool IsNumber(string cell) => cell.Length == 0 || char.IsAsciiDigit(cell[0]) || (cell[0] is '-' or '+' && cell.Length > 1);

    // Columns two blanks apart, nothing behind the last one: easy to read, and easy to cut by awk.
    private void PlainTable(IReadOnlyList<string> headings, IReadOnlyCollection<IReadOnlyList<string>> rows, bool[] numbers)
    {
        int[] widths = [.. headings.Select((heading, column) => rows.Select(row => row[column].Length).Append(heading.Length).Max())];
        foreach (IReadOnlyList<string> row in rows.Prepend(headings))
        {
            IEnumerable<string> cells = row.Select((cell, column) => numbers[column] ? cell.PadLeft(widths[column]) : cell.PadRight(widths[column]));
            _text.WriteLine(string.Join("  ", cells).TrimEnd());
        }
    }

    private static IAnsiConsole Make(TextWriter writer, bool redirected)
    {
        bool plain = redirected || Environment.GetEnvironmentVariable("NO_COLOR") is { Length: > 0 };
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(writer),
            Ansi = redirected ? AnsiSupport.No : AnsiSupport.Detect,
            ColorSystem = plain ? ColorSystemSupport.NoColors : ColorSystemSupport.Detect,
            Interactive = redirected ? InteractionSupport.No : InteractionSupport.Detect,
        });
        if (redirected)
        {
            // A pipe has no width: a line is as long as it is.
            console.Profile.Width = WidestLine;
        }
        return console;
    }
}
