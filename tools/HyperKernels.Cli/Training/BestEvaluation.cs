using System.Globalization;

namespace HyperKernels.Cli.Training;

/// <summary>Where a run did best on validation images, and what it gave on test images there: how a run is judged that would go on too long.</summary>
internal sealed class BestEvaluation
{
    public double ValidationLoss { get; private set; } = double.PositiveInfinity;

    public double ValidationAccuracy { get; private set; }

    public double TestLoss { get; private set; }

    public double TestAccuracy { get; private set; }

    public long Step { get; private set; }

    /// <summary>Takes an evaluation if it is the best so far; only then the test images are looked at.</summary>
    public void Offer(long step, (double Loss, double Accuracy) validation, Func<(double Loss, double Accuracy)> test)
    {
        if (validation.Loss < ValidationLoss)
        {
            (ValidationLoss, ValidationAccuracy) = validation;
            (TestLoss, TestAccuracy) = test();
            Step = step;
        }
    }

    /// <summary>For a checkpoint's notes.</summary>
    public string Note() => string.Create(CultureInfo.InvariantCulture, $"{ValidationLoss:R} {ValidationAccuracy:R} {TestLoss:R} {TestAccuracy:R} {Step}");

    /// <summary>Takes up what <see cref="Note"/> wrote.</summary>
    /// <exception cref="ArgumentException">The note is not one.</exception>
    public void Take(string? note)
    {
        double[] numbers = [.. (note ?? "").Split(' ').Select(static text =>
            double.TryParse(text, CultureInfo.InvariantCulture, out double number) ? number : double.NaN)];
        if (numbers.Length != 5 || numbers.Any(double.IsNaN))
        {
            throw new ArgumentException($"the best evaluation must be five numbers; it is \"{note}\".");
        }
        (ValidationLoss, ValidationAccuracy, TestLoss, TestAccuracy, Step) = (numbers[0], numbers[1], numbers[2], numbers[3], (long)numbers[4]);
    }
}
