using HyperKernels.Cli.Data;
using HyperKernels.Cli.Training;
using HyperKernels.Models;
using HyperKernels.Optim;

namespace HyperKernels.Cli.Recipes;

/// <summary>One split's teacher, and after it the students: one that learns labels alone, one that learns from the teacher, and one that learns hyperedges too.</summary>
internal sealed class Distillation : IDisposable
{
    public const string TeacherName = "HGNN, the teacher";
    public const string PlainName = "MLP";
    public const string LightName = "LightHGNN";
    public const string PlusName = "LightHGNN+";
    public const int TeacherWidth = 32;
    public const int StudentWidth = 128;
    public const float Rate = 0.01f;
    public const float Decay = 5e-4f;

    private readonly NodeTask _task;
    private readonly NodeGroup _training;
    private readonly NodeGroup _validation;
    private readonly NodeGroup _test;
    private readonly Tensor _trainingFeatures;
    private readonly Tensor _validationFeatures;
    private readonly LightHgnnLoss _loss = new();
    private readonly ValidatedRun<LightHgnn>[] _students;
    private readonly RandomStream _edges;
    private readonly RandomStream _noise;
    private (Tensor Logits, Tensor Keep) _taught;

    /// <param name="task">Nodes and hyperedges.</param>
    /// <param name="split">Which split.</param>
    /// <param name="seed">Of first values, dropout and noise.</param>
    public Distillation(NodeTask task, int split, int seed)
    {
        ulong start = ((ulong)seed * 1_000) + (ulong)split;
        (_task, _training) = (task, task.Group(split, CommunityGraph.TrainingRole));
        (_validation, _test) = (task.Group(split, CommunityGraph.ValidationRole), task.Group(split, CommunityGraph.TestRole));
        _trainingFeatures = Ops.GatherRows(task.Features, _training.Ids);
        _validationFeatures = Ops.GatherRows(task.Features, _validation.Ids);
        (_edges, _noise) = (new RandomStream(start + 500), new RandomStream(start + 501));
        RandomStream random = new(start);
        Hgnn teacher = new(task.Data.FeatureCount, TeacherWidth, task.Data.Classes, random: random);
        Teacher = new ValidatedRun<Hgnn>(TeacherName, teacher, new Adam(teacher.Parameters, learningRate: Rate, weightDecay: Decay), random);
        _students = [Student(PlainName, new RandomStream(start)), Student(LightName, new RandomStream(start)), Student(PlusName, new RandomStream(start))];
    }

    public ValidatedRun<Hgnn> Teacher { get; }

    public IReadOnlyList<ValidatedRun<LightHgnn>> Students => _students;

    /// <summary>What a checkpoint holds.</summary>
    public Trainee[] Trainees => [Teacher.Trainee, .. _students.Select(static student => student.Trainee)];

    /// <summary>Of training, for each network by name.</summary>
    public Dictionary<string, double> SecondsAStep
    {
        get
        {
            Dictionary<string, double> seconds = _students.ToDictionary(static student => student.Name, static student => student.SecondsAStep);
            seconds[TeacherName] = Teacher.SecondsAStep;
            return seconds;
        }
    }

    /// <summary>A step of the teacher on the whole hypergraph.</summary>
    public IReadOnlyList<Metric> StepTeacher() =>
    [
        new Metric($"{TeacherName}/loss", Teacher.Step(net => _training.Loss(net.Forward(_task.Features, _task.Graph)))),
        new Metric($"{TeacherName}/validation accuracy", Teacher.Judge(net => _validation.Right(net.Forward(_task.Features, _task.Graph)))),
    ];

    /// <summary>Ends the teacher's training: from here on it is what it was at its best, and its answers stand. Once only, also after a resume.</summary>
    public void BeginStudents()
    {
        Teacher.TakeBest();
        Teacher.Net.Eval();
        Tensor logits = Teacher.Net.Forward(_task.Features, _task.Graph);
        Tensor disturbed = Teacher.Net.Forward(EdgeReliability.Disturb(_task.Features, _noise), _task.Graph);
        _taught = (logits, EdgeReliability.KeepProbability(EdgeReliability.Change(logits, disturbed, _task.Graph.Incidence)));
    }

    /// <summary>A step of every student.</summary>
    public IReadOnlyList<Metric> StepStudents()
    {
        (Tensor teacher, Tensor keep) = _taught;
        double[] losses =
        [
            _students[0].Step(net => Ops.CrossEntropy(net.Forward(_trainingFeatures), _training.Labels)),
            _students[1].Step(net => _loss.Loss(net.Forward(_task.Features), teacher, _training.Ids, _training.Labels)),
            _students[2].Step(net => _loss.Loss(
                net.Forward(_task.Features), teacher, _training.Ids, _training.Labels, _task.Graph, EdgeReliability.Sample(keep, _edges))),
        ];
        return
        [
            .. _students.SelectMany((student, place) => (Metric[])
            [
                new Metric($"{student.Name}/loss", losses[place]),
                new Metric($"{student.Name}/validation accuracy", student.Judge(net => _validation.RightOf(net.Forward(_validationFeatures)))),
            ]),
        ];
    }

    /// <summary>Ends the students' training.</summary>
    /// <returns>For each network, by name, its accuracy on the test nodes at its best on the validation nodes.</returns>
    public IReadOnlyDictionary<string, double> Finish()
    {
        Array.ForEach(_students, static student => student.TakeBest());
        Dictionary<string, double> accuracies = _students.ToDictionary(
            static student => student.Name, student => student.Evaluate(net => _test.Right(net.Forward(_task.Features))));
        accuracies[TeacherName] = Teacher.Evaluate(net => _test.Right(net.Forward(_task.Features, _task.Graph)));
        return accuracies;
    }

    public void Dispose()
    {
        Teacher.Dispose();
        Array.ForEach(_students, static student => student.Dispose());
    }

    // The one that samples hyperedges draws them from a stream of its own, which a checkpoint has to hold.
    private ValidatedRun<LightHgnn> Student(string name, RandomStream random)
    {
        LightHgnn net = new(_task.Data.FeatureCount, StudentWidth, _task.Data.Classes, random: random);
        Adam adam = new(net.Parameters, learningRate: Rate, weightDecay: Decay);
        return new ValidatedRun<LightHgnn>(name, net, adam, name == PlusName ? [random, _edges] : [random]);
    }
}
