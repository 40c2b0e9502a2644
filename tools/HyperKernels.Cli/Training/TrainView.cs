using System.Diagnostics;
using System.Globalization;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace HyperKernels.Cli.Training;

/// <summary>What a terminal shows while a recipe trains: how far it is and how long it will take, each number that steps report with its course, throughput and memory.</summary>
/// <param name="recipe">The recipe's name.</param>
/// <param name="device">Whose memory is shown.</param>
internal sealed class TrainView(string recipe, Device device)
{
    private const int BarLength = 40;
    private const int CourseLength = 32;

    // Sweeps have dozens of runs: a screen has not.
    private const int MostNumbers = 12;

    private const string Heights = "▁▂▃▄▅▆▇█";

    private readonly Dictionary<string, Course> _courses = [];
    private readonly long _start = Stopwatch.GetTimestamp();
    private long _firstStep = -1;

    /// <summary>The picture after a report.</summary>
    public IRenderable Show(TrainProgress progress)
    {
        if (progress.Resumed)
        {
            _firstStep = progress.Step;
        }
        _firstStep = _firstStep < 0 ? 0 : _firstStep;
        foreach (Metric metric in progress.Values)
        {
            if (!_courses.TryGetValue(metric.Name, out Course? course))
            {
                _courses[metric.Name] = course = new Course();
            }
            course.Add(metric.Value);
        }
        double share = progress.Steps == 0 ? 1 : (double)progress.Step / progress.Steps;
        int full = (int)(share * BarLength);
        Grid grid = new Grid().AddColumns(new GridColumn().NoWrap(), new GridColumn().NoWrap(), new GridColumn().NoWrap());
        grid.AddRow(
            new Markup($"[bold]{Markup.Escape(recipe)}[/]"),
            new Markup(Text($"step {progress.Step:N0} of {progress.Steps:N0}")),
            new Markup($"[green]{new string('━', full)}[/][grey]{new string('─', BarLength - full)}[/] {Text($"{share:P0}")}, {Left(progress)}"));
        foreach ((string name, Course course) in _courses.Take(MostNumbers))
        {
            string colour = double.IsFinite(course.Newest) ? "default" : "red";
            grid.AddRow(new Markup(Markup.Escape(name)), new Markup($"[{colour}]{Text($"{course.Newest:G4}")}[/]"), new Markup($"[blue]{course.Drawn()}[/]"));
        }
        if (_courses.Count > MostNumbers)
        {
            grid.AddRow(Text($"and {_courses.Count - MostNumbers} more"));
        }
        grid.AddRow("throughput", Text($"{progress.ExamplesPerSecond:N0} {progress.ExamplesName}/s"), "");
        DeviceMemory memory = device.Memory;
        grid.AddRow("memory", $"{MiB(memory.LiveBytes)} live", $"{MiB(memory.PooledBytes)} pooled, {MiB(memory.PeakBytes)} at most");
        return grid;
    }

    /// <summary>The time that is left, at the mean speed of this run: <c>1:05 left</c>.</summary>
    private string Left(TrainProgress progress)
    {
        long done = progress.Step - _firstStep;
        if (done <= 0)
        {
            return "time left not known yet";
        }
        TimeSpan left = Stopwatch.GetElapsedTime(_start) / done * (progress.Steps - progress.Step);
        return $"{Time(left)} left";
    }

    /// <summary>Hours, where there are, minutes and seconds.</summary>
    internal static string Time(TimeSpan time) => time.TotalHours >= 1
        ? Text($"{(long)time.TotalHours}:{time.Minutes:D2}:{time.Seconds:D2}")
        : Text($"{time.Minutes}:{time.Seconds:D2}");

    private static string MiB(long bytes) => Text($"{bytes / 1048576.0:N1} MiB");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    /// <summary>A number's course over the steps so far, in at most so many points: when there are more, every two become one.</summary>
    private sealed class Course
    {
        private readonly List<double> _points = [];
        private int _each = 1;
        private double _sum;
        private int _count;

        public double Newest { get; private set; }

        public void Add(double value)
        {
            Newest = value;
            if (!double.IsFinite(value))
            {
                return;
            }
            (_sum, _count) = (_sum + value, _count + 1);
            if (_count == _each)
            {
                _points.Add(_sum / _count);
                (_sum, _count) = (0, 0);
            }
            if (_points.Count > CourseLength)
            {
                for (int i = 0; i < _points.Count / 2; i++)
                {
                    _points[i] = (_points[2 * i] + _points[(2 * i) + 1]) / 2;
                }
                _points.RemoveRange(_points.Count / 2, _points.Count - (_points.Count / 2));
                _each *= 2;
            }
        }

        public string Drawn()
        {
            if (_points.Count == 0)
            {
                return "";
            }
            (double low, double high) = (_points.Min(), _points.Max());
            double scale = high > low ? (Heights.Length - 1) / (high - low) : 0;
            return string.Concat(_points.Select(point => Heights[(int)Math.Round((point - low) * scale)]));
        }
    }
}
