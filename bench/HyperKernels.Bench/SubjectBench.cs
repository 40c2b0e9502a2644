using BenchmarkDotNet.Attributes;
using HyperKernels.Cases.Sized;

namespace HyperKernels.Bench;

/// <summary>Makes and checks a subject outside the measured method, and runs it with memory from the pool, as user code does.</summary>
public abstract class SubjectBench
{
    private MemoryScope? _inputs;
    private BenchSubject? _subject;

    [GlobalSetup]
    public void Setup()
    {
        _inputs = Device.Cpu.Scope();
        _subject = Make();
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _subject?.Dispose();
        _inputs?.Dispose();
    }

    /// <summary>Makes the inputs in the current scope; throws if the subject's values are wrong.</summary>
    private protected abstract BenchSubject Make();

    private protected void RunForward()
    {
        using MemoryScope scope = Device.Cpu.Scope();
        _subject!.Forward();
        Device.Cpu.Synchronize();
    }

    private protected void RunTraining()
    {
        using Tape tape = new();
        _subject!.Train!(tape);
        Device.Cpu.Synchronize();
    }
}
