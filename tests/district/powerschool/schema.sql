-- The tables of PowerSchool that the profile reads, with the columns that are publicly documented, in the types that
-- PostgreSQL, SQLite and MariaDB share.  In a district's Oracle they stand in the schema PS.

CREATE TABLE schools (
  dcid NUMERIC(10) PRIMARY KEY, id NUMERIC(10), school_number NUMERIC(10), name VARCHAR(60), abbreviation VARCHAR(10),
  alternate_school_number NUMERIC(15), low_grade NUMERIC(5), high_grade NUMERIC(5), schooladdress VARCHAR(100),
  schoolcity VARCHAR(50), schoolstate VARCHAR(20), schoolzip VARCHAR(20), schoolphone VARCHAR(30),
  issummerschool NUMERIC(1), state_excludefromreporting NUMERIC(1), transaction_date TIMESTAMP NULL);

CREATE TABLE terms (
  dcid NUMERIC(10) PRIMARY KEY, id NUMERIC(10), schoolid NUMERIC(10), yearid NUMERIC(5), name VARCHAR(50),
  abbreviation VARCHAR(10), firstday DATE, lastday DATE, isyearrec NUMERIC(1), portion NUMERIC(5),
  transaction_date TIMESTAMP NULL);

CREATE TABLE courses (
  dcid NUMERIC(10) PRIMARY KEY, id NUMERIC(10), course_number VARCHAR(20), course_name VARCHAR(60),
  sched_department VARCHAR(50), credittype VARCHAR(20), schoolid NUMERIC(10), transaction_date TIMESTAMP NULL);

CREATE TABLE sections (
  dcid NUMERIC(10) PRIMARY KEY, id NUMERIC(10), section_number VARCHAR(10), course_number VARCHAR(20),
  termid NUMERIC(10), schoolid NUMERIC(10), teacher NUMERIC(10), room VARCHAR(40), expression VARCHAR(80),
  external_expression VARCHAR(80), grade_level NUMERIC(5), no_of_students NUMERIC(5),
  transaction_date TIMESTAMP NULL);

CREATE TABLE students (
  dcid NUMERIC(10) PRIMARY KEY, id NUMERIC(10), student_number NUMERIC, state_studentnumber VARCHAR(30),
  first_name VARCHAR(40), middle_name VARCHAR(40), last_name VARCHAR(250), gender VARCHAR(2), dob DATE,
  grade_level NUMERIC(5), enroll_status NUMERIC(5), schoolid NUMERIC(10), entrydate DATE, exitdate DATE,
  lunchstatus VARCHAR(10), ethnicity VARCHAR(5), fedethnicity NUMERIC(5), person_id NUMERIC(19),
  student_web_id VARCHAR(40), ssn VARCHAR(30), web_password VARCHAR(30), student_web_password VARCHAR(30),
  transaction_date TIMESTAMP NULL);

CREATE TABLE studentcorefields (
  studentsdcid NUMERIC(10) PRIMARY KEY, pscore_legal_first_name VARCHAR(40), pscore_legal_middle_name VARCHAR(40),
  pscore_legal_last_name VARCHAR(250), lep_status VARCHAR(20), spedlep VARCHAR(20));

CREATE TABLE studentrace (
  id NUMERIC(10) PRIMARY KEY, studentid NUMERIC(10), racecd VARCHAR(10));

CREATE TABLE reenrollments (
  id NUMERIC(10) PRIMARY KEY, dcid NUMERIC(10), studentid NUMERIC(10), schoolid NUMERIC(10), grade_level NUMERIC(5),
  entrydate DATE, exitdate DATE);

CREATE TABLE cc (
  dcid NUMERIC(10) PRIMARY KEY, id NUMERIC(10), studentid NUMERIC(10), sectionid NUMERIC(10), termid NUMERIC(10),
  schoolid NUMERIC(10), course_number VARCHAR(20), dateenrolled DATE, dateleft DATE, studyear NUMERIC(10),
  transaction_date TIMESTAMP NULL);

CREATE TABLE users (
  dcid NUMERIC(10) PRIMARY KEY, first_name VARCHAR(40), middle_name VARCHAR(40), last_name VARCHAR(40),
  preferredname VARCHAR(40), email_addr VARCHAR(100), loginid VARCHAR(40), teacherloginid VARCHAR(40),
  teachernumber VARCHAR(20), title VARCHAR(40), homeschoolid NUMERIC(10), ptaccess NUMERIC(1), psaccess NUMERIC(1),
  sif_stateprid VARCHAR(40), ssn VARCHAR(30), password VARCHAR(40), teacherloginpw VARCHAR(40),
  powergradepw VARCHAR(40), wm_password VARCHAR(40), transaction_date TIMESTAMP NULL);

CREATE TABLE schoolstaff (
  dcid NUMERIC(10) PRIMARY KEY, id NUMERIC(10), users_dcid NUMERIC(10), schoolid NUMERIC(10), status NUMERIC(5),
  staffstatus NUMERIC(5), transaction_date TIMESTAMP NULL);

CREATE TABLE sectionteacher (
  id NUMERIC(10) PRIMARY KEY, sectionid NUMERIC(10), teacherid NUMERIC(10), roleid NUMERIC(10), start_date DATE,
  end_date DATE, transaction_date TIMESTAMP NULL);

CREATE TABLE roledef (
  id NUMERIC(10) PRIMARY KEY, name VARCHAR(40));

CREATE TABLE gen (
  id NUMERIC(10) PRIMARY KEY, cat VARCHAR(40), name VARCHAR(60));

CREATE TABLE spenrollments (
  id NUMERIC(10) PRIMARY KEY, studentid NUMERIC(10), programid NUMERIC(10), enter_date DATE, exit_date DATE);

CREATE TABLE person (
  id NUMERIC(19) PRIMARY KEY, dcid NUMERIC(19), firstname VARCHAR(60), middlename VARCHAR(60), lastname VARCHAR(250),
  isactive NUMERIC(1));

CREATE TABLE emailaddress (
  emailaddressid NUMERIC(19) PRIMARY KEY, emailaddress VARCHAR(255));

CREATE TABLE personemailaddressassoc (
  personemailaddressassocid NUMERIC(19) PRIMARY KEY, personid NUMERIC(19), emailaddressid NUMERIC(19),
  isprimaryemailaddress NUMERIC(1), emailaddresspriorityorder NUMERIC(5));

CREATE TABLE phonenumber (
  phonenumberid NUMERIC(19) PRIMARY KEY, phonenumber VARCHAR(30), phonenumberext VARCHAR(10), issms NUMERIC(1));

CREATE TABLE personphonenumberassoc (
  personphonenumberassocid NUMERIC(19) PRIMARY KEY, personid NUMERIC(19), phonenumberid NUMERIC(19),
  phonenumberpriorityorder NUMERIC(5), ispreferred NUMERIC(1));

CREATE TABLE studentcontactassoc (
  studentcontactassocid NUMERIC(19) PRIMARY KEY, studentdcid NUMERIC(10), personid NUMERIC(19),
  contactpriorityorder NUMERIC(5), currreltypecodesetid NUMERIC(19));

CREATE TABLE studentcontactdetail (
  studentcontactdetailid NUMERIC(19) PRIMARY KEY, studentcontactassocid NUMERIC(19), isactive NUMERIC(1),
  isemergency NUMERIC(1), iscustodial NUMERIC(1), liveswithflg NUMERIC(1), schoolpickupflg NUMERIC(1),
  relationshiptypecodesetid NUMERIC(19));

CREATE TABLE codeset (
  codesetid NUMERIC(19) PRIMARY KEY, codetype VARCHAR(40), code VARCHAR(60), displayvalue VARCHAR(60));

-- Older places of a student's e-mail address, and a district's own extension of students.

CREATE TABLE psm_studentcontacttype (
  id NUMERIC(10) PRIMARY KEY, name VARCHAR(40));

CREATE TABLE psm_studentcontact (
  id NUMERIC(10) PRIMARY KEY, studentid NUMERIC(10), studentcontacttypeid NUMERIC(10), email VARCHAR(255));

CREATE TABLE sync_studentmap (
  studentid NUMERIC(10) PRIMARY KEY, studentsdcid NUMERIC(10));

CREATE TABLE u_student_accounts (
  studentsdcid NUMERIC(10) PRIMARY KEY, school_mail VARCHAR(255));

-- Extensions of students by states; a district has one of them at most.

CREATE TABLE s_stu_x (
  studentsdcid NUMERIC(10) PRIMARY KEY, section504_yn VARCHAR(1), economicdisadvantage VARCHAR(1),
  luncheligibility VARCHAR(20));

CREATE TABLE s_nj_stu_x (
  studentsdcid NUMERIC(10) PRIMARY KEY, lep_tf NUMERIC(1), lepbegindate DATE, lependdate DATE,
  specialed_classification VARCHAR(20), iep_begin_date DATE, iep_end_date DATE, pid_504_tf NUMERIC(1));

CREATE TABLE s_mi_stu_gc_x (
  studentsdcid NUMERIC(10) PRIMARY KEY, flaglep NUMERIC(1), flagspeced NUMERIC(1), flagsection504 NUMERIC(1));

CREATE TABLE s_ca_stu_x (
  studentsdcid NUMERIC(10) PRIMARY KEY, primarydisability VARCHAR(20), sped504 VARCHAR(5));

CREATE TABLE s_ca_stu_ela_c (
  id NUMERIC(10) PRIMARY KEY, studentsdcid NUMERIC(10), elastatus VARCHAR(10));
