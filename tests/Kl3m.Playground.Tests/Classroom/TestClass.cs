using Kl3m.Inference;
using Kl3m.Playground.Backends;
using Kl3m.Playground.Classroom;
using Kl3m.Playground.Classroom.Nodes;
using Kl3m.Playground.Components.Pages.Classroom;
using Kl3m.Playground.Components.Pages.Playground;
using Kl3m.Playground.Runs;
using Kl3m.Tests.Shared;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace Kl3m.Playground.Tests.Classroom;

/// <summary>Rooms with a model, and visitors who come into them; the clock stands still until the test moves it.</summary>
internal sealed class TestClass : IDisposable
{
    private readonly List<ClassroomState> visitors = [];

    /// <param name="board">What it shares with other nodes; null where it is the only one.</param>
    public TestClass(ITextGenerator? generator = null, ClassroomOptions? options = null, RoomBoard? board = null, FakeTimeProvider? time = null)
    {
        Time = time ?? new();
        Nodes = board is null ? null : new(board, Time, NullLogger<OtherNodes>.Instance);
        Registry = new(Options.Create(options ?? new()), Time, NullLogger<RoomRegistry>.Instance, Nodes);
        Catalogue.Ready(Generator = generator ?? new FakeTextGenerator());
    }

    public FakeTimeProvider Time { get; }

    public OtherNodes? Nodes { get; }

    public BackendCatalogue Catalogue { get; } = new();

    public ITextGenerator Generator { get; }

    public RoomRegistry Registry { get; }

    /// <summary>A browser that has just come to the app, with its own playground.</summary>
    public ClassroomState Visit(PlaygroundState? playground = null, string address = "10.0.0.1", Desk? desk = null) =>
        Visit(new TestPages(this, desk, playground), address);

    public ClassroomState Visit(TestPages pages, string address = "10.0.0.1")
    {
        var visitor = new ClassroomState(Registry, Catalogue, new ChosenModel(Catalogue, pages.Desk), pages.Desk, pages.All, new Visitor { Address = address }, Time, NullLogger<ClassroomState>.Instance);
        visitors.Add(visitor);
        return visitor;
    }

    public PlaygroundState Playground(Desk? desk = null) =>
        new(new ChosenModel(Catalogue, desk), new RunStore(new(Options.Create(new RunOptions())), Time), Time, NullLogger<PlaygroundState>.Instance);

    /// <summary>A teacher in a new room.</summary>
    public (ClassroomState Teacher, Room Room, string Key) Open()
    {
        var teacher = Visit();
        var key = teacher.Open()!;
        return (teacher, teacher.Room!, key);
    }

    /// <summary>A student of the room, and the key that the browser keeps.</summary>
    public (ClassroomState Student, string Key) Join(Room room, string? nickname = null, string address = "10.0.0.1")
    {
        var student = Visit(address: address);
        return (student, student.Join(room.Code, nickname)!);
    }

    public void Dispose()
    {
        visitors.ForEach(visitor => visitor.Dispose());
        Registry.Dispose();
        Nodes?.Dispose();
    }
}
