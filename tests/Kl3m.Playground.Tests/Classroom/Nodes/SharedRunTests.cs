using Kl3m.Inference;
using Kl3m.Playground.Classroom;
using Kl3m.Playground.Classroom.Nodes;
using Kl3m.Playground.Components.Pages.Classroom;
using Kl3m.Playground.Components.Pages.Playground;
using Kl3m.Playground.Runs;
using Kl3m.Playground.Tests.Edge;
using Kl3m.Tests.Shared;
using Microsoft.Extensions.Logging;

namespace Kl3m.Playground.Tests.Classroom.Nodes;

/// <summary>A generation that is followed at another node than the one that writes it.</summary>
public sealed class SharedRunTests
{
    [Fact]
    public async Task A_run_is_followed_token_by_token_with_all_its_numbers_and_the_engine_works_once()
    {
        using var nodes = new TestNodes();
        var (_, playground, room, student) = Presenting(nodes);
        playground.Type("The Tenant shall ");
        await playground.GenerateAsync();
        playground.Select(new SelectedToken(0, 3));
        await nodes.UntilAsync(() => student.Room!.Run is { IsActive: false });
        Assert.NotSame(room.Run, student.Room!.Run);
        AssertSame(room.Run!, student.Room.Run!);
        Assert.Equal(new SelectedToken(0, 3), Assert.IsType<PresentationScene>(student.Room.State.Scene).Spotlight);

        // Somebody comes to a third node when all is written.
        var late = nodes.Start().Visit();
        late.Join(room.Code, null);
        await nodes.UntilAsync(() => late.Room!.Run is { IsActive: false });
        AssertSame(room.Run!, late.Room!.Run!);
    }

    [Fact]
    public async Task A_branch_comes_with_the_run_that_it_leaves()
    {
        using var nodes = new TestNodes();
        var (key, playground, room, student) = Presenting(nodes);
        playground.Type("The Tenant shall ");
        await playground.GenerateAsync();
        var root = playground.Run!;
        var forced = root.Sequences[1].Tokens[4] with { Text = "X", Score = root.Sequences[1].Tokens[4].Score with { TokenId = 'X' } };
        var branch = new Run(root.Request with { Sampling = root.Request.Sampling with { Sequences = 1 } }, root.Model, nodes.Time, branch: new(root, 1, 4, [forced]));
        branch.Record(new GenerationStarted(root.PromptTokenIds, 7));
        branch.Record(root.Sequences[1].Tokens[5] with { SequenceIndex = 0 });
        branch.Record(new SequenceFinished(0, FinishReason.Length));
        branch.Record(new GenerationFinished(new(1, 1), new(default, null, default)));
        Assert.Null(await room.PresentRunAsync(key, new Present("The Tenant shall ", new(), null), branch, new FakeTextGenerator()));
        await nodes.UntilAsync(() => student.Room!.Run is { IsActive: false, Branch: not null });
        var seen = student.Room!.Run!;
        AssertSame(branch, seen);
        AssertSame(root, seen.Branch!.From);
        Assert.True(seen.IsForced(new(1, 4)));
    }

    [Fact]
    public async Task What_cannot_be_read_of_a_run_is_logged_once_with_its_reason()
    {
        using var log = new LogText();
        using var loggers = new LoggerFactory([log]);
        var table = new FakeTable();
        var time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider();
        using var nodes = new OtherNodes(table.Line(), time, loggers.CreateLogger<OtherNodes>());
        table.Lists["run:ABCDEF:node-1"] = ["not one of ours"u8.ToArray()];
        var reader = new RunReader(nodes, "ABCDEF", "node-1", time);
        await reader.ReadAsync();
        await reader.ReadAsync();
        Assert.Null(reader.Run);
        Assert.Equal("Warning: The presented run node-1 is not read on: a piece of it is none of this version's ", log.ToString());
    }

    [Fact]
    public async Task When_the_node_that_writes_dies_what_was_written_stands_and_the_page_says_so()
    {
        using var nodes = new TestNodes();
        var (key, _, room, student) = Presenting(nodes);
        var run = new Run(new() { Prompt = "x" }, new FakeTextGenerator().Model, nodes.Time);
        run.Record(new GenerationStarted([1], 5));
        run.Record(Token(0, "a"));
        await room.PresentRunAsync(key, new Present("x", new(), null), run, new FakeTextGenerator());
        await nodes.UntilAsync(() => student.Room!.Run is { TokenCount: 1 });
        run.Record(Token(1, "b"));
        await nodes.UntilAsync(() => student.Room!.Run is { TokenCount: 2 });
        nodes.Kill(0);
        await nodes.UntilAsync(() => student.Room!.Run is { IsActive: false });
        Assert.Equal(("ab", RunStatus.Failed), (student.Room!.Run!.Sequences[0].Text, student.Room.Run.Status));
        Assert.Contains("What was written stands", student.Room.Run.Error!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_goes_on_when_what_the_nodes_share_has_lost_it()
    {
        using var nodes = new TestNodes();
        var (key, _, room, student) = Presenting(nodes);
        var run = new Run(new() { Prompt = "x" }, new FakeTextGenerator().Model, nodes.Time);
        await room.PresentRunAsync(key, new Present("x", new(), null), run, new FakeTextGenerator());
        for (var i = 0; i < 4; i++)
        {
            run.Record(Token(i, "a"));
            await nodes.UntilAsync(() => student.Room!.Run?.TokenCount == i + 1);
        }
        nodes.Table.Crash();
        run.Record(Token(4, "b"));
        nodes.Table.ComeBack();
        await nodes.UntilAsync(() => student.Room!.Run?.TokenCount == 5);
        run.Record(new SequenceFinished(0, FinishReason.Length));
        run.Record(new GenerationFinished(new(1, 5), new(default, null, default)));
        await nodes.UntilAsync(() => student.Room!.Run is { IsActive: false });
        Assert.Equal("aaaab", student.Room!.Run!.Sequences[0].Text);

        // It is over, and is lost again: newcomers find it all the same.
        nodes.Table.Crash();
        nodes.Table.ComeBack();
        var late = nodes.Start().Visit();
        late.Join(room.Code, null);
        await nodes.UntilAsync(() => late.Room!.Run is { IsActive: false });
        Assert.Equal("aaaab", late.Room!.Run!.Sequences[0].Text);
    }

    [Fact]
    public async Task Failed_and_stopped_runs_end_so_everywhere()
    {
        using var nodes = new TestNodes();
        var (key, _, room, student) = Presenting(nodes);
        foreach (var (end, status) in new (Action<Run>, RunStatus)[] { (run => run.Fail(new EngineFailedException("The engine has stopped.")), RunStatus.Failed), (run => run.Cancel(), RunStatus.Stopped) })
        {
            var run = new Run(new() { Prompt = "x" }, new FakeTextGenerator().Model, nodes.Time);
            run.Record(Token(0, "a"));
            await room.PresentRunAsync(key, new Present("x", new(), null), run, new FakeTextGenerator());
            end(run);
            await nodes.UntilAsync(() => student.Room!.Run?.Status == status);
            Assert.Equal("a", student.Room!.Run!.Sequences[0].Text);
            Assert.Equal(run.Error?.Message, student.Room.Run.Error?.Message);
        }
    }

    private static TokenGenerated Token(int position, string text) => new(0, position, text,
        new() { TokenId = text[0], RawLogprob = -1.5f, FinalLogprob = float.NegativeInfinity, Rank = 2, Entropy = float.NaN, Alternatives = [new(3, -1, float.NegativeInfinity, SamplingStage.TopK)] },
        new([new(SamplingStage.Temperature, 0.5f, 3, 1, null)], 0.25, 0, 1, 3));

    private static Presented Presenting(TestNodes nodes)
    {
        var playground = nodes[0].Playground();
        var teacher = nodes[0].Visit(playground);
        var key = teacher.Open()!;
        var student = nodes[1].Visit();
        student.Join(teacher.Room!.Code, null);
        teacher.StartPresenting();
        return new(key, playground, teacher.Room, student);
    }

    private static void AssertSame(Run written, Run read)
    {
        Assert.Equal((written.Status, written.Seed, written.TokenCount, written.Usage), (read.Status, read.Seed, read.TokenCount, read.Usage));
        Assert.Equal(written.PromptTokenIds, read.PromptTokenIds);
        foreach (var (one, other) in written.Sequences.Zip(read.Sequences))
        {
            Assert.Equal((one.Text, one.Finished), (other.Text, other.Finished));
            // A record's lists compare by reference; written down they compare by what they hold.
            Assert.Equal(RoomWire.Bytes(one.Tokens), RoomWire.Bytes(other.Tokens));
        }
    }

    private sealed record Presented(string Key, PlaygroundState Playground, Room Room, ClassroomState Student);
}
