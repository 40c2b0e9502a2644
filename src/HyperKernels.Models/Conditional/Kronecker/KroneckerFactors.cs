namespace HyperKernels.Models;

/// <summary>Checks that layers of Kronecker products share.</summary>
internal static class KroneckerFactors
{
    public static void Check(string where, int inputs, int outputs, int n, string what)
    {
        if (n < 1 || inputs < 1 || outputs < 1 || inputs % n != 0 || outputs % n != 0)
        {
            throw new ArgumentException(
                $"{where}: n must be at least 1 and divide the numbers of {what}; {n} does not divide {inputs} and {outputs}. Pad the {what}, or take n = 1.", nameof(n));
        }
    }

    public static void CheckWindow(string where, int kernelSize, int stride, int padding, int dilation)
    {
        if (kernelSize < 1 || stride < 1 || padding < 0 || dilation < 1)
        {
            throw new ArgumentException(
                $"{where}: kernelSize, stride and dilation must be at least 1 and padding not negative; got {kernelSize}, {stride}, {dilation} and {padding}.");
        }
    }
}
