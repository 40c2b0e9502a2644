namespace HyperKernels.Backends;

/// <summary>What a backend offers that can record launches and make them again. One recording at a time.</summary>
internal interface ICaptureBackend
{
    /// <summary>What is being recorded; null if nothing is.</summary>
    ILaunchRecorder? Recorder { get; }

    /// <summary>Launches from now on are made and recorded. Data from the host and reading back are refused, unless the recorder is paused.</summary>
    ILaunchRecorder BeginRecording();

    /// <summary>Nothing more is recorded.</summary>
    void EndRecording();

    /// <summary>Makes what was recorded ready to be replayed; called once.</summary>
    void Prepare(ILaunchRecorder launches);

    /// <summary>Makes all launches again, in order; returns before they are done.</summary>
    void Replay(ILaunchRecorder launches);
}

/// <summary>
/// A list of launches with their arguments. Buffers are those of the recording: who records must see to it that nobody else gets them.
/// </summary>
internal interface ILaunchRecorder : IDisposable
{
    /// <summary>How many launches and fills were recorded.</summary>
    int Launches { get; }

    /// <summary>While set, launches are made but not recorded.</summary>
    bool Paused { get; set; }

    /// <summary>Work of the host that is to be done again at this place of the list: launches whose arguments change.</summary>
    void Again(Action work);
}
