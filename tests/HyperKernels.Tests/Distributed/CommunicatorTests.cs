using HyperKernels.Distributed;

namespace HyperKernels.Tests.Distributed;

/// <summary>Processes that tell each other values; each program checks what it receives and ends all with an error if that is wrong.</summary>
public sealed class CommunicatorTests
{
    [TestCase("messages", 2)]
    [TestCase("messages", 3)]
    [TestCase("gather", 2)]
    [TestCase("gather", 4)]
    [TestCase("wrong-size", 2)]
    [TestCase("runtime", 2)]
    public void Program_OfSeveralProcesses_ReceivesWhatWasSent(string program, int processes)
    {
        MpiResult result = Mpi.Ranks(processes, program);
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
    }

    [TestCase(2)]
    [TestCase(3)]
    [TestCase(4)]
    public void AllReduceSum_AddsInTheOrderOfRanks_AndRepeatsBitForBit(int processes)
    {
        MpiResult first = Mpi.Ranks(processes, "sums");
        Assert.That(first.ExitCode, Is.Zero, first.ToString());
        Assert.That(Mpi.Ranks(processes, "sums").Output, Is.EqualTo(first.Output).And.Not.Empty);
    }

    [Test]
    public void Program_WhoseLastProcessDies_EndsTheOthersWithinSeconds()
    {
        MpiResult result = Mpi.Ranks(3, "die");
        Assert.Multiple(() =>
        {
            Assert.That(result.ExitCode, Is.Not.Zero);
            Assert.That(result.Time, Is.LessThan(TimeSpan.FromSeconds(20)));
            Assert.That(result.Output + result.Error, Does.Contain("rank 2").And.Contain("signal 9"), result.ToString());
        });
    }

    [Test]
    public void Status_WhereTheLibraryIsAbsent_IsAReason()
    {
        MpiStatus status = MpiCommunicator.Status;
        Assert.That(status.IsAvailable ? status.Version : status.Reason, Is.Not.Empty);
        Assert.That(status.IsAvailable ? status.Reason : status.Version, Is.Empty);
    }

    [Test]
    public void Solo_GathersAndSumsItsOwn()
    {
        using ICommunicator solo = new SoloCommunicator();
        float[] values = [1, 2];
        solo.AllReduceSum<float>(values);
        Assert.That(values, Is.EqualTo(new float[] { 1, 2 }));
        Assert.That(solo.AllGather<float>(values), Is.EqualTo(values));
        float[] received = new float[2];
        Transfer receive = solo.StartReceive<float>(received, 0, tag: 3);
        Assert.That(receive.Poll(), Is.False);
        Assert.That(receive.Wait, Throws.InstanceOf<CommunicationException>().With.Message.Contains("never sent"));
        solo.StartSend<float>(values, 0, tag: 3).Wait();
        receive.Wait();
        Assert.That(received, Is.EqualTo(values));
        Assert.That(() => solo.StartSend<float>(values, 1), Throws.ArgumentException.With.Message.Contains("from 0 to 0"));
        Assert.That(() => solo.AllGather<float>(values, [3]), Throws.ArgumentException);
    }
}
