using System.ComponentModel.DataAnnotations;

namespace Kl3m.Playground.Classroom;

/// <summary>The configuration's <c>Classroom</c> section.</summary>
internal sealed record ClassroomOptions
{
    /// <summary>Rooms that may be open at once.</summary>
    [Range(1, 10_000)]
    public int MaxRooms { get; init; } = 200;

    /// <summary>Students in a room.</summary>
    [Range(1, 1_000)]
    public int Seats { get; init; } = 60;

    /// <summary>Minutes without anybody doing anything, after which a room is closed.</summary>
    [Range(1, 10_080)]
    public int IdleMinutes { get; init; } = 180;

    /// <summary>Wrong codes that one address may try a minute; a whole class may sit behind one address.</summary>
    [Range(1, 10_000)]
    public int WrongCodesPerAddress { get; init; } = 40;

    /// <summary>Wrong codes that all addresses together may try a minute.</summary>
    [Range(1, 100_000)]
    public int WrongCodes { get; init; } = 400;

    /// <summary>Rooms that one address may open an hour.</summary>
    [Range(1, 10_000)]
    public int RoomsPerAddress { get; init; } = 30;
}
