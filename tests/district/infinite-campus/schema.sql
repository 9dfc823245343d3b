-- The tables and views of Infinite Campus that the profile reads, with the columns that are publicly documented, in
-- the types that PostgreSQL, SQLite and MariaDB share.  In a district's SQL Server they stand in the schema dbo.
-- Views stand here as tables.

CREATE TABLE District (
  districtID INTEGER PRIMARY KEY, number VARCHAR(12), name VARCHAR(60));

CREATE TABLE School (
  schoolID INTEGER PRIMARY KEY, schoolGUID VARCHAR(36), number VARCHAR(12), name VARCHAR(60), districtID INTEGER,
  principalName VARCHAR(60), principalEmail VARCHAR(100), address VARCHAR(100), city VARCHAR(30), state VARCHAR(2),
  zip VARCHAR(10), phone VARCHAR(25));

CREATE TABLE SchoolYear (
  endYear INTEGER PRIMARY KEY, active INTEGER);

CREATE TABLE Calendar (
  calendarID INTEGER PRIMARY KEY, schoolID INTEGER, endYear INTEGER, startDate DATE, endDate DATE, name VARCHAR(30),
  number VARCHAR(12), summerSchool INTEGER, exclude INTEGER);

CREATE TABLE ScheduleStructure (
  structureID INTEGER PRIMARY KEY, calendarID INTEGER);

CREATE TABLE TermSchedule (
  termScheduleID INTEGER PRIMARY KEY, structureID INTEGER, name VARCHAR(30));

CREATE TABLE Term (
  termID INTEGER PRIMARY KEY, termScheduleID INTEGER, name VARCHAR(30), startDate DATE, endDate DATE, seq INTEGER);

CREATE TABLE Trial (
  trialID INTEGER PRIMARY KEY, calendarID INTEGER, structureID INTEGER, active INTEGER);

CREATE TABLE GradeLevel (
  calendarID INTEGER, stateGrade VARCHAR(4), excludeEnrollment INTEGER);

CREATE TABLE Department (
  departmentID INTEGER PRIMARY KEY, name VARCHAR(50));

CREATE TABLE Course (
  courseID INTEGER PRIMARY KEY, calendarID INTEGER, number VARCHAR(13), name VARCHAR(60), departmentID INTEGER,
  active INTEGER);

CREATE TABLE Room (
  roomID INTEGER PRIMARY KEY, name VARCHAR(30));

CREATE TABLE PeriodSchedule (
  periodScheduleID INTEGER PRIMARY KEY, structureID INTEGER, name VARCHAR(30));

CREATE TABLE Period (
  periodID INTEGER PRIMARY KEY, name VARCHAR(15), seq INTEGER, periodScheduleID INTEGER);

CREATE TABLE Section (
  sectionID INTEGER PRIMARY KEY, courseID INTEGER, trialID INTEGER, number VARCHAR(10), teacherPersonID INTEGER,
  teacherDisplay VARCHAR(50), roomID INTEGER, homeroomSection INTEGER);

CREATE TABLE SectionPlacement (
  sectionPlacementID INTEGER PRIMARY KEY, sectionID INTEGER, trialID INTEGER, termID INTEGER, periodID INTEGER);

CREATE TABLE SectionStaffHistory (
  sectionID INTEGER, trialID INTEGER, personID INTEGER, staffType VARCHAR(1), role VARCHAR(1), startDate DATE,
  endDate DATE);

CREATE TABLE Person (
  personID INTEGER PRIMARY KEY, personGUID VARCHAR(36), currentIdentityID INTEGER, studentNumber VARCHAR(15),
  stateID VARCHAR(15), staffNumber VARCHAR(15), staffStateID VARCHAR(20));

CREATE TABLE "Identity" (
  identityID INTEGER PRIMARY KEY, personID INTEGER, lastName VARCHAR(250), firstName VARCHAR(50),
  middleName VARCHAR(50), suffix VARCHAR(50), legalFirstName VARCHAR(50), legalMiddleName VARCHAR(50),
  legalLastName VARCHAR(250), gender VARCHAR(1), birthdate DATE, raceEthnicityFed VARCHAR(2),
  hispanicEthnicity VARCHAR(1), birthCountry VARCHAR(5), modifiedDate DATE, ssn VARCHAR(30));

CREATE TABLE Enrollment (
  enrollmentID INTEGER PRIMARY KEY, personID INTEGER, calendarID INTEGER, endYear INTEGER, grade VARCHAR(4),
  serviceType VARCHAR(1), startDate DATE, endDate DATE, startStatus VARCHAR(5), endStatus VARCHAR(5), noShow INTEGER,
  stateExclude INTEGER, specialEdStatus VARCHAR(30), section504 VARCHAR(1));

CREATE TABLE Student (
  personID INTEGER, enrollmentID INTEGER, calendarID INTEGER, activeToday INTEGER, activeYear INTEGER);

CREATE TABLE Roster (
  rosterID INTEGER PRIMARY KEY, personID INTEGER, sectionID INTEGER, trialID INTEGER, startDate DATE, endDate DATE);

CREATE TABLE StaffMember (
  personID INTEGER, schoolID INTEGER, title VARCHAR(50), staffNumber VARCHAR(15), teacher INTEGER,
  supervisor INTEGER, startDate DATE, endDate DATE);

CREATE TABLE Contact (
  personID INTEGER PRIMARY KEY, email VARCHAR(100), secondaryEmail VARCHAR(100), homePhone VARCHAR(25),
  workPhone VARCHAR(25), cellPhone VARCHAR(25));

CREATE TABLE UserAccount (
  userID INTEGER PRIMARY KEY, personID INTEGER, username VARCHAR(50), ldapConfigurationID INTEGER,
  password VARCHAR(60));

CREATE TABLE v_CensusContactSummary (
  personID INTEGER, contactPersonID INTEGER, contactID INTEGER, relatedBy VARCHAR(12), relationship VARCHAR(40),
  seq INTEGER, guardian INTEGER, portal INTEGER, email VARCHAR(100));

-- Programs; a district or a state has some of these.

CREATE TABLE LEP (
  lepID INTEGER PRIMARY KEY, personID INTEGER, programStatus VARCHAR(30), identifiedDate DATE, exitDate DATE);

CREATE TABLE v_POSEligibilityCurrent (
  personID INTEGER, eligibility VARCHAR(20), elig_endDate DATE);

CREATE TABLE Section504 (
  personID INTEGER, startDate DATE, endDate DATE);

CREATE TABLE v_ProgramParticipationFlags (
  personID INTEGER, name VARCHAR(50), startDate DATE, endDate DATE);

CREATE TABLE v_LearningPlanDetail (
  personID INTEGER, disability1 VARCHAR(10), planStartDate DATE, planEndDate DATE);

CREATE TABLE SpecialEdState (
  specialEDStateID INTEGER PRIMARY KEY, personID INTEGER, primaryDisability VARCHAR(10), startDate DATE,
  endDate DATE, exitDate DATE);
