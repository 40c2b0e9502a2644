using System.Globalization;

namespace HyperKernels.Cli.Training;

/// <summary>Final figures as a table: a row per run, a column per name, in the order in which they came.</summary>
internal sealed record FigureTable(IReadOnlyList<string> Headings, IReadOnlyList<IReadOnlyList<string>> Rows)
{
    public static FigureTable Of(IReadOnlyList<Figure> figures)
    {
        string[] names = [.. figures.Select(figure => figure.Name).Distinct()];
        string[] runs = [.. figures.Select(figure => figure.Run).Distinct()];
        return new FigureTable(
            ["run", .. names],
            [.. runs.Select(run => (IReadOnlyList<string>)[run, .. names.Select(name => Text(figures.FirstOrDefault(f => f.Run == run && f.Name == name)))])]);
    }

    private static string Text(Figure? figure) =>
        figure is null ? ""
        : double.IsNaN(figure.Value) ? figure.NotANumber
        : figure.Value.ToString(figure.Format, CultureInfo.InvariantCulture);
}
