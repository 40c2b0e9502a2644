using System.Buffers.Text;
using System.Diagnostics;
using HyperKernels.IO;

namespace HyperKernels.Tests.IO;

/// <summary>Large files: what is promised about time.</summary>
public sealed class PairsSpeedTests
{
    [Test]
    [Explicit("writes 700 MB and reads them: half a minute on an idle machine")]
    public void Pairs_OfFiftyMillionMemberships_AreReadWithinAMinute()
    {
        const int Memberships = 50_000_000;
        using TestData.TemporaryFolder folder = TestData.Temporary();
        string path = folder.File("pairs.csv");
        WritePairs(path, Memberships);

        long start = Stopwatch.GetTimestamp();
        HypergraphData data = PairsFile.Read(path);
        double read = Stopwatch.GetElapsedTime(start).TotalSeconds;
        start = Stopwatch.GetTimestamp();
        using Hypergraph graph = data.ToHypergraph();
        double built = Stopwatch.GetElapsedTime(start).TotalSeconds;

        TestContext.Out.WriteLine(FormattableString.Invariant($"{new FileInfo(path).Length / 1e6:F0} MB: {data}; read in {read:F1} s, built in {built:F1} s"));
        Assert.That((data.MembershipCount, data.EdgeCount, data.Nodes[^1]), Is.EqualTo((Memberships, (Memberships + 2) / 3, NodeOf(Memberships - 1))));
        Assert.That(read, Is.LessThan(60));
    }

    private static int NodeOf(int pair) => (int)((uint)pair * 2654435761 % 2_000_000);

    private static void WritePairs(string path, int memberships)
    {
        using FileStream file = File.Create(path);
        byte[] buffer = new byte[1 << 16];
        int used = 0;
        for (int pair = 0; pair < memberships; pair++)
        {
            Utf8Formatter.TryFormat(NodeOf(pair), buffer.AsSpan(used), out int written);
            used += written;
            buffer[used++] = (byte)',';
            Utf8Formatter.TryFormat(pair / 3, buffer.AsSpan(used), out written);
            used += written;
            buffer[used++] = (byte)'\n';
            if (used > buffer.Length - 32 || pair == memberships - 1)
            {
                file.Write(buffer, 0, used);
                used = 0;
            }
        }
    }
}
