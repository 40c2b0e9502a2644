using HyperKernels.Gpu;

namespace HyperKernels.Tests.Gpu;

/// <summary>The numbers by which kernels divide with a product and a shift.</summary>
public sealed class DivisorTests
{
    [Test]
    public void Divide_GivesTheWholeQuotient(
        [Values(1, 2, 3, 5, 7, 9, 64, 100, 641, 65535, 65536, 65537, 1000003, 1 << 30, (1 << 30) + 1, int.MaxValue)] int divisor)
    {
        Divisor by = divisor;
        Random random = new(1);
        for (int i = 0; i < 2000; i++)
        {
            // Around multiples of the divisor, where a wrong factor shows first, and at both ends of the range.
            long multiple = random.NextInt64(0, (int.MaxValue / divisor) + 1L) * divisor;
            foreach (long n in (ReadOnlySpan<long>)[multiple - 1, multiple, multiple + 1, random.Next(), int.MaxValue - i, i])
            {
                if (n is >= 0 and <= int.MaxValue)
                {
                    Assert.That(by.Quotient((int)n), Is.EqualTo((int)n / divisor), $"{n} / {divisor}");
                }
            }
        }
    }
}
