using HyperKernels.Cli.Training;

namespace HyperKernels.Cli.Data;

/// <summary>Digits to train and test on: real ones where there is a data folder, else drawn ones.</summary>
internal sealed record DigitData(ImageSet Training, ImageSet Test)
{
    private const int DrawnTraining = 12_000;
    private const int DrawnTest = 2_000;

    /// <summary>One line for the report.</summary>
    public string Description => $"{Training.Name}, {Training.Count:N0} to train and {Test.Count:N0} to test";

    /// <summary>Both sets seen in another way.</summary>
    public DigitData Changed(Func<ImageSet, ImageSet> change) => new(change(Training), change(Test));

    /// <summary>Reads MNIST from the data folder, or draws digits from the seed.</summary>
    /// <param name="options">The data folder, if any, and the seed.</param>
    /// <param name="name">Which of the data sets with MNIST's format.</param>
    public static DigitData Load(TrainOptions options, string name = "mnist")
    {
        if (options.Data is { } folder)
        {
            (ImageSet training, ImageSet test) = MnistData.Load(folder, name);
            return new DigitData(training, test);
        }
        // The two sets share no image: the streams of different seeds do not meet.
        int threads = options.Device.Threads;
        return new DigitData(DrawnDigits.Make(DrawnTraining, 2 * options.Seed, threads), DrawnDigits.Make(DrawnTest, (2 * options.Seed) + 1, threads));
    }
}
