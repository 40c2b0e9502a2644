namespace HyperKernels.Serving;

/// <summary>The settings of the section "Serving": on the command line <c>--Serving:File mip.safetensors</c>.</summary>
internal sealed class ServingOptions
{
    /// <summary>The hypernetwork, as <c>HyperNetwork.Save</c> writes it.</summary>
    public string File { get; set; } = "";

    /// <summary>The shape of one sample, without the batch: <c>1x28x28</c>.</summary>
    public string Shape { get; set; } = "1x28x28";

    /// <summary>How many requests are answered together at most; 1 means one at a time.</summary>
    public int MostBatch { get; set; } = 32;

    /// <summary>How long the first request of a batch waits for others, in milliseconds; 0 takes only what waits already.</summary>
    public double WindowMilliseconds { get; set; }

    /// <summary>How many requests may wait; further ones are refused with status 429.</summary>
    public int MostWaiting { get; set; } = 256;

    /// <summary><see cref="Shape"/> as numbers.</summary>
    /// <exception cref="InvalidDataException">It is none.</exception>
    public int[] Dimensions()
    {
        int[] sizes = [.. Shape.Split('x').Select(static word => int.TryParse(word, out int size) ? size : 0)];
        return sizes.All(static size => size > 0)
            ? sizes
            : throw new InvalidDataException($"Serving:Shape must be positive numbers with x between them, such as 1x28x28; got \"{Shape}\".");
    }

    /// <summary>Makes sure that the numbers can be used.</summary>
    /// <exception cref="InvalidDataException">One cannot; the message names it.</exception>
    public void Check()
    {
        if (File.Length == 0)
        {
            throw new InvalidDataException("Serving:File must name a hypernetwork's file: --Serving:File runs/mip/mip.safetensors.");
        }
        if (MostBatch < 1 || MostWaiting < 1 || WindowMilliseconds is not (>= 0 and <= 1000))
        {
            throw new InvalidDataException(
                $"Serving: MostBatch and MostWaiting must be at least 1, WindowMilliseconds from 0 to 1000; got {MostBatch}, {MostWaiting} and {WindowMilliseconds}.");
        }
    }
}
